// Keyboard shortcuts. They can be turned off in their own list, for those whose voice or switch control types letters.
export default function (_, { element, remember, say, t }) {
  // Only what does something on this page is told: a key, what it does, and what has to be there for it.
  const keys = [
    ["?", t("this list"), "body"],
    ["/", t("search or filter"), "[data-slash]"],
    ["j  k", t("next, previous row of a list"), "[data-list]"],
    ["Enter", t("open the row"), "[data-list]"],
    ["x", t("select the row"), "[data-list] input[type=checkbox]"],
    ["n  p", t("next, previous file of a diff"), ".diff-file"],
    ["t", t("find a file"), "[data-finder]"],
    ["l", t("go to a line"), "[data-lines]"],
    ["y", t("permanent address of what is in view"), "[data-permalink]"],
    ["Escape", t("close what is open"), "details.menu, [data-finder]"],
  ];
  const works = (place) => document.querySelector(place);
  let off = remember.get("keys") === "off";
  let dialog;
  let row = -1;

  const help = () => {
    if (!dialog) {
      const box = element("input", { type: "checkbox" });
      box.checked = !off;
      box.addEventListener("change", () => { off = !box.checked; remember.set("keys", off ? "off" : "on"); });
      dialog = element("dialog", { "aria-labelledby": "keys-title" },
        element("h2", { id: "keys-title" }, t("Keyboard shortcuts")),
        element("dl", { class: "keys" }, ...keys.filter(([, , place]) => works(place)).flatMap(([key, text]) => [element("dt", {}, ...key.split("  ").flatMap((k) => [element("kbd", {}, k), " "])), element("dd", {}, text)])),
        element("p", { class: "field field-check" }, element("label", {}, box, t("Shortcuts are on"))),
        element("form", { method: "dialog", class: "actions" }, element("button", {}, t("Close"))));
      document.body.append(dialog);
    }
    dialog.showModal();
  };

  const rows = () => [...document.querySelectorAll("[data-list] tbody tr:not([hidden]), ul[data-list] > li")];
  const move = (step) => {
    const all = rows();
    if (!all.length) return;
    all[row]?.classList.remove("cursor");
    row = Math.max(0, Math.min(all.length - 1, row + step));
    all[row].classList.add("cursor");
    all[row].scrollIntoView({ block: "nearest" });
    all[row].querySelector("a.subject, .subject a.message-link, a.name, .journal-text a")?.focus({ preventScroll: true });
  };
  const file = (step) => {
    const all = [...document.querySelectorAll(".diff-file")];
    const here = all.findLastIndex((item) => item.getBoundingClientRect().top < 4);
    (all[Math.max(0, here + step)] ?? all.at(-1))?.scrollIntoView();
  };
  const actions = {
    "?": help,
    "/": () => (document.querySelector("main [data-slash]") ?? document.querySelector("[data-slash]"))?.focus(),
    j: () => move(1),
    k: () => move(-1),
    x: () => rows()[row]?.querySelector("input[type=checkbox]")?.click(),
    n: () => file(1),
    p: () => file(-1),
    t: () => document.querySelector("[data-finder]")?.click(),
    l: () => document.querySelector("[data-lines]")?.dispatchEvent(new Event("ask")),
    y: () => {
      const place = document.querySelector("[data-permalink]");
      if (!place) return;
      history.replaceState(null, "", place.dataset.permalink + location.hash);
      say(t("The address is permanent now"));
    },
  };
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
    if (event.target.matches("input:not([type=checkbox], [type=radio]), textarea, select, [contenteditable]") || document.querySelector("dialog[open]")) return;
    if (off || !Object.hasOwn(actions, event.key)) return;
    const needs = keys.find(([key]) => key.split("  ").includes(event.key))[2];
    if (!works(needs)) return;
    event.preventDefault();
    actions[event.key]();
  });
  const button = document.querySelector("[data-shortcuts]");
  if (button && matchMedia("(any-pointer: fine)").matches) {
    button.hidden = false;
    button.addEventListener("click", help);
  }
}
