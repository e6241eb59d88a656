// Messages can be dismissed; a form's list of errors gets the focus.
export default function (found, { element, icon, t }) {
  for (const notice of found) {
    if ("focus" in notice.dataset) notice.focus();
    else notice.append(element("button", { type: "button", class: "quiet icon-button", title: t("Dismiss"), onclick: () => notice.remove() }, icon("x"), element("span", { class: "vh" }, t("Dismiss"))));
  }
}
