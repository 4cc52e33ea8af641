/** Calling the agent back: a badge in the title, a sound, and the system's notices where they were allowed. */
import { signal } from "@preact/signals";

/** "granted", "denied", "default" (not asked yet) or "missing". */
export const permission = signal("Notification" in globalThis ? Notification.permission : "missing");

const SOUND_KEY = "desk:sound";
export const sound = signal(readSound());

/** @type {AudioContext|null} */
let audio = null;
const plainTitle = document.title;

/** Browsers let a page sound only after a gesture: the first one unlocks. */
export function unlockSound() {
  const unlock = () => {
    audio ??= new AudioContext();
    audio.resume();
  };
  document.addEventListener("pointerdown", unlock, { once: true });
  document.addEventListener("keydown", unlock, { once: true });
}

/** @param {number} count what waits for the agent */
export function badge(count) {
  document.title = count ? `(${count}) ${plainTitle}` : plainTitle;
}

/** Two rising notes for an offer, one soft note for a message. @param {"offer"|"message"} kind */
export function beep(kind) {
  if (!audio || !sound.value) return;
  if (kind === "offer") [660, 880].forEach((pitch, at) => note(pitch, at * 0.16, 0.16));
  else note(520, 0, 0.06);
}

/** @param {number} pitch hertz @param {number} delay seconds @param {number} loudness 0 to 1 */
function note(pitch, delay, loudness) {
  const context = /** @type {AudioContext} */ (audio);
  const start = context.currentTime + delay;
  const tone = new OscillatorNode(context, { frequency: pitch });
  const volume = new GainNode(context, { gain: 0 });
  volume.gain.linearRampToValueAtTime(loudness, start + 0.02);
  volume.gain.setValueAtTime(loudness, start + 0.02);
  volume.gain.exponentialRampToValueAtTime(0.001, start + 0.3);
  tone.connect(volume).connect(context.destination);
  tone.start(start);
  tone.stop(start + 0.32);
}

/**
 * A notice of the system, only while the desk is out of sight. One per tag over all tabs.
 *
 * @param {string} title
 * @param {string} body
 * @param {string} tag
 */
export function systemNotice(title, body, tag) {
  if (permission.value !== "granted" || !document.hidden) return;
  try {
    const notice = new Notification(title, { body, tag });
    notice.onclick = () => {
      window.focus();
      notice.close();
    };
  } catch {
    /* phones allow notices only from a service worker: the badge and the sound remain */
  }
}

/** At the agent's wish, never by itself. */
export async function askPermission() {
  permission.value = await Notification.requestPermission();
}

export function toggleSound() {
  sound.value = !sound.value;
  try {
    localStorage.setItem(SOUND_KEY, sound.value ? "on" : "off");
  } catch {
    /* forbidden storage: the choice holds for this page */
  }
}

function readSound() {
  try {
    return localStorage.getItem(SOUND_KEY) !== "off";
  } catch {
    return true;
  }
}
