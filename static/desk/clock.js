/**
 * The server's time. Every frame that carries `now` is a sample of (server − client − latency); the largest of the
 * last samples is the one with the least latency. Countdowns are computed from a deadline at each tick and never
 * decremented, because browsers slow the timers of hidden tabs down to one a minute.
 */
import { signal } from "@preact/signals";

const SAMPLES = 8;
/** A sample that differs by more means that this computer's clock was set, so older samples are void. */
const JUMP_MS = 2_000;

/** @type {number[]} */
let samples = [];

/** The server's time in epoch milliseconds, renewed once a second. */
export const now = signal(Date.now());

/** Server's clock minus this computer's, in milliseconds. */
export function offset() {
  return samples.length ? Math.max(...samples) : 0;
}

/** @returns {number} the server's time in epoch milliseconds */
export function serverNow() {
  return Date.now() + offset();
}

/**
 * @param {string} serverTime ISO 8601
 * @param {number} [received] epoch milliseconds of this computer
 */
export function sample(serverTime, received = Date.now()) {
  const difference = Date.parse(serverTime) - received;
  if (Number.isNaN(difference)) return;
  if (samples.length && Math.abs(difference - offset()) > JUMP_MS) samples = [];
  samples = [...samples, difference].slice(-SAMPLES);
  now.value = serverNow();
}

/** Forget every sample: for tests and for a new server. */
export function reset() {
  samples = [];
}

/**
 * What is left until a deadline.
 *
 * @param {string} from ISO 8601, when the time began to run
 * @param {string} deadline ISO 8601
 * @param {number} at epoch milliseconds, the server's
 * @returns {{seconds: number, fraction: number}} never below zero; fraction 1 is all of the time
 */
export function timeLeft(from, deadline, at) {
  const left = Math.max(0, Date.parse(deadline) - at);
  const whole = Math.max(1, Date.parse(deadline) - Date.parse(from));
  return { seconds: left / 1000, fraction: Math.min(1, left / whole) };
}

/** Starts the one tick that repaints all timers. */
export function startTicking() {
  const tick = () => {
    now.value = serverNow();
  };
  setInterval(tick, 1_000);
  document.addEventListener("visibilitychange", tick);
}
