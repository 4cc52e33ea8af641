/** The desk: banner, three panes, notices. */
import { classes, html } from "../html.js";
import { current, pane } from "../store.js";
import { Banner, CarrierBanner } from "./banner.js";
import { ConversationPane } from "./conversation.js";
import { CustomerPane } from "./customer_pane.js";
import { Toasts } from "./toasts.js";
import { WorkList } from "./work_list.js";

/** @param {{retry: () => void}} props */
export function App({ retry }) {
  return html`
    <${Banner} retry=${retry} />
    <${CarrierBanner} />
    <div class=${classes("panes", `at-${pane.value}`, current.value && "has-customer")}>
      <${WorkList} />
      <${ConversationPane} />
      <${CustomerPane} />
    </div>
    <${Toasts} />
  `;
}
