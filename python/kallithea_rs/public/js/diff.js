// Files of a diff can be folded and ticked off as viewed.
const most = 2000;

export default function (files, { element, icon, remember, t }) {
  const viewed = new Set(JSON.parse(remember.get("viewed") ?? "[]"));
  const fold = (file, off) => {
    file.classList.toggle("folded", off);
    file.querySelector(".fold").setAttribute("aria-expanded", String(!off));
  };
  for (const file of files) {
    const header = file.querySelector("header");
    const button = element("button", { type: "button", class: "quiet icon-button fold", "aria-expanded": "true", title: t("Fold this file"), onclick: () => fold(file, !file.classList.contains("folded")) }, icon("chevron"), element("span", { class: "vh" }, t("Fold")));
    header.prepend(button);
    const box = element("input", { type: "checkbox" });
    box.checked = viewed.has(file.id);
    box.addEventListener("change", () => {
      if (box.checked) viewed.add(file.id);
      else viewed.delete(file.id);
      remember.set("viewed", JSON.stringify([...viewed].slice(-most)));
      fold(file, box.checked);
      if (box.checked && file.getBoundingClientRect().top < 0) file.scrollIntoView({ block: "start" });
    });
    header.querySelector(".diff-links").append(element("label", {}, box, t("Viewed")));
    if (box.checked || "folded" in file.dataset) fold(file, true);
  }
  // A link to a line opens its file.
  const open = () => {
    const place = document.getElementById(decodeURIComponent(location.hash.slice(1)));
    const file = place?.closest(".diff-file");
    if (file?.classList.contains("folded")) { fold(file, false); place.scrollIntoView(); }
  };
  addEventListener("hashchange", open);
  open();
}
