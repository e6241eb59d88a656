// Light, dark, or as the system says. The choice is a cookie, so that the server sends the page in the right colours.
export default function ([place], { element, icon, t }) {
  const choices = [["", "screen", t("As the system")], ["light", "sun", t("Light")], ["dark", "moon", t("Dark")]];
  const root = document.documentElement;
  const buttons = choices.map(([theme, sign, text]) => {
    const button = element("button", { type: "button", class: "icon-only", title: text, "aria-pressed": String((root.dataset.theme ?? "") === theme) }, icon(sign), element("span", { class: "vh" }, text));
    button.addEventListener("click", () => {
      if (theme) root.dataset.theme = theme;
      else delete root.dataset.theme;
      const secure = location.protocol === "https:" ? "; Secure" : "";
      document.cookie = `kallithea_theme=${theme}; Path=${document.body.dataset.home}; Max-Age=${theme ? 31536000 : 0}; SameSite=Lax${secure}`;
      for (const other of buttons) other.setAttribute("aria-pressed", String(other === button));
    });
    return button;
  });
  place.append(...buttons);
  place.hidden = false;
}
