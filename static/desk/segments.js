/**
 * How many parts a text message is sent in: the same rules as `conversations/core/segments.py`, while the agent types.
 */
const BASIC = new Set(
  "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?" +
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà",
);
const EXTENSION = new Set("^{}\\[~]|€\f");

/** @typedef {{encoding: "GSM-7"|"UCS-2", units: number, count: number, dear: string}} Segments */

/**
 * @param {string} text
 * @returns {Segments} `dear`: the characters, each once, that force UCS-2
 */
export function segments(text) {
  const marks = [...text];
  const dear = [...new Set(marks.filter((mark) => !BASIC.has(mark) && !EXTENSION.has(mark)))].join("");
  const costs = marks.map((mark) => (dear ? mark.length : EXTENSION.has(mark) ? 2 : 1));
  const units = costs.reduce((sum, cost) => sum + cost, 0);
  const count = units <= (dear ? 70 : 160) ? Math.min(units, 1) : parts(costs, dear ? 67 : 153);
  return { encoding: dear ? "UCS-2" : "GSM-7", units, count, dear };
}

/** Fill one part after the other; what takes two units is never split. @param {number[]} costs @param {number} room */
function parts(costs, room) {
  let count = 1;
  let used = 0;
  for (const cost of costs) {
    if (used + cost > room) {
      count += 1;
      used = 0;
    }
    used += cost;
  }
  return count;
}
