/** Short notices that go by themselves. */
import { html } from "../html.js";
import { gettext } from "../i18n.js";
import { dismiss, toasts } from "../store.js";
import { Icon } from "./icons.js";

export function Toasts() {
  return html`
    <div class="toasts" role="status">
      ${toasts.value.map(
        ({ id, text }) => html`<div class="toast" key=${id}>
          <p>${text}</p>
          <button type="button" class="icon-button" aria-label=${gettext("Dismiss")} onClick=${() => dismiss(id)}>
            <${Icon} name="close" />
          </button>
        </div>`,
      )}
    </div>
  `;
}
