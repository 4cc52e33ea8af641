/**
 * The one place that moves the message list. Who reads the newest row goes on reading the newest row; who has gone up
 * keeps the row that he reads where it is, whatever comes above or below.
 */

/** Nearer to the end than this counts as being there. */
const NEAR = 48;

export class Scroller {
  /** @param {HTMLElement} list @param {(where: {following: boolean, top: boolean}) => void} onMove */
  constructor(list, onMove) {
    this.list = list;
    this.onMove = onMove;
    this.following = true;
    /** @type {{key: string, offset: number}|null} */
    this.anchor = null;
    this.sizes = new ResizeObserver(() => this.settle());
    this.sizes.observe(list);
    list.addEventListener("scroll", () => this.moved(), { passive: true });
  }

  stop() {
    this.sizes.disconnect();
  }

  /** After the rows have changed, before they are painted. */
  settle() {
    if (this.following) this.list.scrollTop = this.list.scrollHeight;
    else this.restore();
  }

  toNewest() {
    this.following = true;
    this.settle();
  }

  moved() {
    const { scrollTop, scrollHeight, clientHeight } = this.list;
    this.following = scrollHeight - clientHeight - scrollTop < NEAR;
    this.anchor = this.firstVisible();
    this.onMove({ following: this.following, top: scrollTop < NEAR * 4 });
  }

  /** @returns {{key: string, offset: number}|null} */
  firstVisible() {
    const edge = this.list.getBoundingClientRect().top;
    for (const row of this.rows()) {
      const box = row.getBoundingClientRect();
      if (box.bottom > edge) return { key: row.dataset.key ?? "", offset: box.top - edge };
    }
    return null;
  }

  restore() {
    const row = this.rows().find((each) => each.dataset.key === this.anchor?.key);
    if (!row || !this.anchor) return;
    const offset = row.getBoundingClientRect().top - this.list.getBoundingClientRect().top;
    this.list.scrollTop += offset - this.anchor.offset;
  }

  /** @returns {HTMLElement[]} */
  rows() {
    return [...this.list.querySelectorAll("[data-key]")].filter((row) => row instanceof HTMLElement);
  }
}
