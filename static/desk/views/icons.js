/** Line icons on a 24 × 24 grid. They are decoration: words or a label stand beside each. */
import { html } from "../html.js";

/** @type {Record<string, string>} */
const PATHS = {
  sms: "M4 5h16a1 1 0 0 1 1 1v10a1 1 0 0 1-1 1H9l-5 4V6a1 1 0 0 1 1-1M8 10h8M8 13h5",
  rcs: "M4 5h16a1 1 0 0 1 1 1v10a1 1 0 0 1-1 1H9l-5 4V6a1 1 0 0 1 1-1M8.500 13.500l2.200-4.500 2.200 4.500M14.500 9h2M14.500 13.500h2",
  whatsapp:
    "M3.5 20.5l1.3-4.2A8.5 8.5 0 1 1 8 19.4zM9 8.5c0 3.5 3 6.5 6.5 6.5l1-2-2.3-1-1 1a6 6 0 0 1-2.2-2.2l1-1-1-2.300z",
  messenger:
    "M12 3.500c5 0 8.700 3.400 8.700 8s-3.700 8-8.700 8c-.9 0-1.800-.1-2.600-.3L6.500 20.700v-2.800C4.600 16.500 3.300 14.200 3.300 11.500c0-4.600 3.700-8 8.700-8M7.500 13.500l3.200-3.400 2.600 2 3.200-2",
  webchat:
    "M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18M3.500 9.500h17M3.500 14.500h17M12 3c2.500 2.500 3.500 5.500 3.500 9s-1 6.500-3.500 9c-2.500-2.500-3.500-5.500-3.500-9S9.500 5.500 12 3",
  voice:
    "M6 3h3.500l1.500 5-2.200 1.500a12 12 0 0 0 5.700 5.700L16 13l5 1.500V18a3 3 0 0 1-3 3A15 15 0 0 1 3 6a3 3 0 0 1 3-3",
  task: "M5 4h14a1 1 0 0 1 1 1v14a1 1 0 0 1-1 1H5a1 1 0 0 1-1-1V5a1 1 0 0 1 1-1M8.500 12l2.500 2.500 4.500-5",
  check: "M5 12.500l4.500 4.500L19 7.500",
  checks: "M2 12.500l4.500 4.500L15 8.500M11.500 15.500l1.500 1.500L21.500 8.500",
  clock: "M12 3.500a8.500 8.500 0 1 0 0 17 8.500 8.500 0 0 0 0-17M12 7.500V12l3 2",
  alert: "M12 3.500l9 16H3zM12 10v4M12 16.800v.2",
  question:
    "M12 3.500a8.500 8.500 0 1 0 0 17 8.500 8.500 0 0 0 0-17M9.800 9.500a2.300 2.300 0 1 1 3.300 2.100c-.7.400-1.100.900-1.100 1.700M12 16.200v.2",
  send: "M4 12l16-8-6 16-3-6.500z",
  back: "M15 5l-7 7 7 7",
  down: "M12 5v14M6 13l6 6 6-6",
  chevron: "M7 10l5 5 5-5",
  close: "M6 6l12 12M18 6L6 18",
  person: "M12 4a4 4 0 1 0 0 8 4 4 0 0 0 0-8M4.500 20c.8-4 3.800-6 7.500-6s6.700 2 7.500 6",
  bot: "M6 9h12a2 2 0 0 1 2 2v6a2 2 0 0 1-2 2H6a2 2 0 0 1-2-2v-6a2 2 0 0 1 2-2M12 9V5M9 13.500v1M15 13.500v1",
  bell: "M6 16V11a6 6 0 0 1 12 0v5l1.500 2h-15zM10 20.500h4",
  sound: "M4 10v4h3.500L12 18V6L7.500 10zM15.500 9a4 4 0 0 1 0 6M18 6.500a8 8 0 0 1 0 11",
  mute: "M4 10v4h3.500L12 18V6L7.500 10zM16 10l5 5M21 10l-5 5",
  picture:
    "M5 4h14a1 1 0 0 1 1 1v14a1 1 0 0 1-1 1H5a1 1 0 0 1-1-1V5a1 1 0 0 1 1-1M8.500 8a1.500 1.500 0 1 0 0 3 1.500 1.500 0 0 0 0-3M4 17l5-4 3.500 3 3-2.500L20 17",
  file: "M7 3h7l5 5v12a1 1 0 0 1-1 1H7a1 1 0 0 1-1-1V4a1 1 0 0 1 1-1M14 3v5h5",
  attach: "M20 11.500l-8 8a5 5 0 0 1-7-7l8.500-8.500a3.400 3.400 0 0 1 4.800 4.800L10 17a1.700 1.700 0 0 1-2.400-2.400l7.400-7.400",
  offline:
    "M3 3l18 18M5 12.500a10 10 0 0 1 4-2.400M19 12.500a10 10 0 0 0-5-2.600M8.500 16a5 5 0 0 1 7 0M12 19.500v.1M2 9a14 14 0 0 1 4-2.500M22 9a14 14 0 0 0-11-3.800",
  away: "M20 14.500A8.500 8.500 0 0 1 9.500 4a8.500 8.500 0 1 0 10.500 10.500",
  inbox: "M4 13l2.500-8h11L20 13v6H4zM4 13h5l1 2.500h4l1-2.500h5",
  template: "M5 4h14a1 1 0 0 1 1 1v14a1 1 0 0 1-1 1H5a1 1 0 0 1-1-1V5a1 1 0 0 1 1-1M8 8.500h8M8 12h8M8 15.500h4",
  spark: "M12 3v4M12 17v4M3 12h4M17 12h4M6 6l2.500 2.500M15.500 15.500L18 18M18 6l-2.500 2.500M8.500 15.500L6 18",
};

/** @param {{name: string, label?: string}} props `label` only where no words stand beside it */
export function Icon({ name, label }) {
  const named = label ? { role: "img", "aria-label": label } : { "aria-hidden": "true" };
  return html`<svg class="icon icon-${name}" viewBox="0 0 24 24" ...${named}><path d=${PATHS[name] ?? PATHS.task} /></svg>`;
}

/** @param {string} channel @returns {string} the icon's name */
export function channelIcon(channel) {
  const name = channel === "chat" ? "webchat" : channel;
  return name in PATHS ? name : "task";
}
