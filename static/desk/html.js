/** What views need to write markup: htm bound to Preact. Text is always a text node. */
import { Component, h } from "preact";
import htm from "htm";

export const html = htm.bind(h);

/**
 * The view, drawn again only when one of its properties is another object: for rows of long lists.
 *
 * @template P
 * @param {(props: P) => any} view
 * @returns {any}
 */
export function memo(view) {
  return class Memo extends Component {
    /** @param {any} next */
    shouldComponentUpdate(next) {
      const names = new Set([...Object.keys(next), ...Object.keys(this.props)]);
      return [...names].some((name) => next[name] !== /** @type {any} */ (this.props)[name]);
    }

    render() {
      return h(/** @type {any} */ (view), this.props);
    }
  };
}

/** Class names of those that are set. @param {...(string|false|null|undefined)} names */
export function classes(...names) {
  return names.filter(Boolean).join(" ");
}
