// The branch selector: when it is opened, all branches, tags and bookmarks are loaded and can be filtered.
const icons = { tag: "tag", book: "bookmark" };

export default function (pickers, { element, icon, json, load, t }) {
  for (const picker of pickers) {
    const { refs, refsTemplate } = picker.dataset;
    if (!refs || !refsTemplate) continue;
    let loaded = false;
    picker.addEventListener("toggle", async () => {
      if (!picker.open) return;
      if (!loaded) {
        loaded = true;
        try {
          const { results } = await json(refs);
          const options = results.flatMap((group) => group.children.map((ref) => ({
            text: ref.text,
            title: group.text,
            url: refsTemplate.replace("{id}", encodeURIComponent(ref.id)).replace("{name}", encodeURIComponent(ref.text)),
            node: () => [icon(icons[ref.type] ?? "branch"), element("bdi", {}, ref.text)],
          })));
          const list = picker.querySelector("ul");
          const input = element("input", { type: "search", placeholder: t("Filter"), "aria-label": t("Filter branches and tags") });
          list.before(input);
          (await load("choose")).chooser({ t, input, list, options });
        } catch {
          // The links that came with the page stay.
        }
      }
      picker.querySelector("input")?.focus();
    });
  }
}
