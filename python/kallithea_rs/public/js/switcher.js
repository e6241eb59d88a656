// The repository switcher: a list of everything one may read, beside the plain link to it.
export default function ([place], { element, icon, json, load, t }) {
  const home = document.body.dataset.home.replace(/\/*$/, "/");
  const input = element("input", { type: "search", placeholder: t("Group or repository"), "aria-label": t("Switch to a repository or group") });
  const list = element("ul", {}, element("li", { class: "menu-note" }, t("Loading…")));
  const menu = element("details", { class: "menu switcher" }, element("summary", { class: "quiet icon-button", title: t("Switch repository") }, icon("chevron"), element("span", { class: "vh" }, t("Switch repository"))), element("div", { class: "menu-body" }, input, list));
  place.append(menu);
  let loaded = false;
  menu.addEventListener("toggle", async () => {
    if (!menu.open) return;
    input.focus();
    if (loaded) return;
    loaded = true;
    try {
      const read = ({ results }) => results.flatMap((group) => group.children.map((it) => ({
        text: it.text,
        title: group.text,
        url: home + it.id.split("/").map(encodeURIComponent).join("/"),
        node: () => [it.type === "group" ? icon("folder") : element("span", { class: "kind" }, it.obj.repo_type), element("bdi", {}, it.text), ...(it.obj.private ? [icon("lock")] : [])],
      })));
      const ask = (query) => json(`${place.dataset.switcher}?limit=300&query=${encodeURIComponent(query)}`);
      const first = await ask("");
      const replace = (await load("choose")).chooser({ t, input, list, options: read(first) });
      // Of many thousands only those that fit are fetched, while one types.
      let wait;
      if (first.more) input.addEventListener("input", () => {
        clearTimeout(wait);
        wait = setTimeout(async () => {
          const typed = input.value.trim();
          const found = read(typed ? await ask(typed) : first);
          if (typed === input.value.trim()) replace(found);
        }, 150);
      });
    } catch {
      loaded = false;
      list.replaceChildren(element("li", { class: "menu-note" }, t("The list could not be loaded.")));
    }
  });
  (async () => (await load("menus")).default([menu]))();
}
