/** One phone: its owner, its thread, its composer. */

import { Composer } from "./composer.js";
import { gettext, postForm, Refused } from "./http.js";
import { askName } from "./naming.js";
import { Thread } from "./thread.js";

/** @typedef {{channel: string, address: string, name: string}} Customer */
/**
 * @typedef {object} Message
 * @property {number} [id]
 * @property {string} sid
 * @property {string} phone
 * @property {string} ours
 * @property {boolean} mine
 * @property {string} body
 * @property {{url: string, content_type: string}[]} media
 * @property {{title: string, payload: string, url: string}[]} [buttons]
 * @property {string} state
 * @property {number|null} [error_code]
 * @property {string} at
 */
/** @typedef {Message & {picture: Blob|null, error: string}} Pending */

export class Phone {
  /** @param {HTMLElement} root @param {{customers: Customer[], wake: () => void}} shared */
  constructor(root, { customers, wake }) {
    this.root = root;
    this.wake = wake;
    this.channel = root.dataset.channel;
    this.customers = customers.filter((customer) => customer.channel === this.channel);
    this.storageKey = `twin.phone.${this.channel}`;
    /** @type {Pending[]} */
    this.pending = [];
    /** @type {Message[]} */
    this.messages = [];
    this.told = new Set();
    this.sending = false;
    this.select = /** @type {HTMLSelectElement} */ (root.querySelector(".owner__select"));
    this.oursSelect = /** @type {HTMLSelectElement|null} */ (root.querySelector(".head__select"));
    this.thread = new Thread(root, {
      retry: (sid) => this.retry(sid),
      press: (sid, position) => this.press(sid, position),
    });
    this.composer = new Composer(root, { send: (body, picture) => this.send(body, picture) });
    this.fillOwners(localStorage.getItem(this.storageKey) ?? "");
    this.listen();
    this.render();
  }

  get address() {
    return this.select.value;
  }

  get ours() {
    const shown = /** @type {HTMLElement} */ (this.root.querySelector(".head__address"));
    return this.oursSelect ? this.oursSelect.value : shown.dataset.address;
  }

  listen() {
    this.select.addEventListener("change", () => this.changed());
    this.oursSelect?.addEventListener("change", () => this.changed());
    this.root.querySelector(".owner__new").addEventListener("click", () => this.newCustomer());
    this.root.querySelector(".owner__rename").addEventListener("click", () => this.rename());
    for (const button of this.root.querySelectorAll(".hello button")) {
      button.addEventListener("click", () => this.send(button.textContent, null));
    }
  }

  /** Another owner or another number to write to: another thread. */
  changed() {
    localStorage.setItem(this.storageKey, this.address);
    this.messages = [];
    this.thread.clear();
    this.render();
    this.wake();
  }

  /** @param {string} wanted the address to show, if it is among the owners */
  fillOwners(wanted) {
    const options = this.customers.map((customer) => new Option(customer.name, customer.address));
    this.select.replaceChildren(...options);
    if (this.customers.some((customer) => customer.address === wanted)) this.select.value = wanted;
  }

  async newCustomer() {
    await askName(gettext("New customer"), "", async (name) => {
      this.adopt(await postForm(document.body.dataset.customersUrl, { channel: this.channel, name }));
    });
  }

  async rename() {
    const owner = this.customers.find((customer) => customer.address === this.address);
    await askName(gettext("Change the name"), owner?.name ?? "", async (name) => {
      this.adopt(await postForm(document.body.dataset.renameUrl, { phone: this.address, name }));
    });
  }

  /** @param {string} address @param {string} name */
  async useCustomer(address, name) {
    const known = this.customers.find((customer) => customer.address === address);
    const fields = { channel: this.channel, address, name };
    this.adopt(known ?? (await postForm(document.body.dataset.customersUrl, fields)));
    this.root.scrollIntoView({ behavior: "smooth", inline: "center" });
  }

  /** @param {Customer} customer the phone is theirs from now on */
  adopt(customer) {
    this.customers = [...this.customers.filter((other) => other.address !== customer.address), customer];
    this.fillOwners(customer.address);
    this.changed();
  }

  /** @param {Message[]} all what the server has for every phone of the page */
  show(all) {
    this.messages = all.filter((message) => message.phone === this.address && message.ours === this.ours);
    const stored = new Set(this.messages.map((message) => message.sid));
    this.pending = this.pending.filter((message) => !stored.has(message.sid));
    this.render();
    this.tellRead();
  }

  /** WhatsApp and RCS tell the sender that the message was seen; once for each. */
  async tellRead() {
    if (!["whatsapp", "rcs"].includes(this.channel)) return;
    const fresh = this.messages.filter((message) => !message.mine && !this.told.has(message.sid));
    if (!fresh.length) return;
    for (const message of fresh) this.told.add(message.sid);
    try {
      await postForm(document.body.dataset.readUrl, { phone: this.address });
    } catch {
      for (const message of fresh) this.told.delete(message.sid);
    }
  }

  /** @param {string} body @param {Blob|null} picture */
  send(body, picture) {
    const url = picture ? URL.createObjectURL(picture) : "";
    this.pending.push({
      sid: `pending-${crypto.randomUUID?.() ?? Math.random()}`,
      phone: this.address,
      ours: this.ours,
      mine: true,
      body,
      media: picture ? [{ url, content_type: picture.type }] : [],
      state: "pending",
      at: new Date().toISOString(),
      picture,
      error: "",
    });
    this.render();
    this.flush();
  }

  /** The customer answers by a button. @param {string} sid of our message @param {number} position */
  async press(sid, position) {
    const error = this.root.querySelector(".composer__error");
    try {
      await postForm(document.body.dataset.pressUrl, { from: this.address, message: sid, button: String(position) });
      error.textContent = "";
    } catch (refused) {
      error.textContent = refused instanceof Refused ? refused.message : gettext("No connection.");
    }
    this.wake();
  }

  /** @param {string} sid */
  retry(sid) {
    const message = this.pending.find((candidate) => candidate.sid === sid);
    if (!message) return;
    message.state = "pending";
    message.error = "";
    this.render();
    this.flush();
  }

  /** One after the other, so that they arrive in the order in which they were written. */
  async flush() {
    if (this.sending) return;
    this.sending = true;
    for (;;) {
      const next = this.pending.find((message) => message.state === "pending");
      if (!next) break;
      await this.post(next);
      this.render();
    }
    this.sending = false;
    this.wake();
  }

  /** @param {Pending} message */
  async post(message) {
    const fields = { from: message.phone, to: message.ours, body: message.body };
    if (message.picture) fields.picture = message.picture;
    try {
      const { sid } = await postForm(document.body.dataset.sendUrl, fields);
      this.thread.renamed(message.sid, sid);
      message.sid = sid;
      message.state = "sending";
    } catch (error) {
      message.state = "unsent";
      message.error = error instanceof Refused ? error.message : gettext("No connection.");
    }
  }

  render() {
    const mine = this.pending.filter((message) => message.phone === this.address && message.ours === this.ours);
    this.thread.render([...this.messages, ...mine]);
    /** @type {HTMLElement} */ (this.root.querySelector(".hello")).hidden =
      this.messages.length + mine.length > 0 || !this.ours;
    this.root.querySelector(".owner__address").textContent = pretty(this.address);
    this.root.querySelector(".head__address").textContent = pretty(this.ours ?? "");
  }
}

/** @param {string} address @returns {string} `whatsapp:+15550002000` as people read it: `+1 555 000 2000` */
function pretty(address) {
  const bare = address.slice(address.indexOf(":") + 1);
  return bare.replace(/^\+1(\d{3})(\d{3})(\d{4})$/, "+1 $1 $2 $3");
}
