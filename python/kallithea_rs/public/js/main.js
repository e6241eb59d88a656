// Loads the behaviours a page needs. Every page works without them; each one only adds.
//
// A behaviour is a module with a default function that gets the elements it is for and the tools below. The modules are
// loaded with the version of this one (`?ver=…`), so that all may be cached for a year.

const behaviours = {
  branchhash: "[data-branch-hash]",
  confirm: "[data-confirm]",
  copy: "[data-copy], [data-copy-block]",
  diff: "[data-diff-file]",
  editor: "[data-editor]",
  ends: "[data-ends]",
  filter: "[data-filter]",
  finder: "[data-finder]",
  flash: "[data-flash], [data-focus]",
  keys: "body",
  lines: "[data-lines]",
  load: "[data-load], [data-size], [data-details]",
  menus: "details.menu",
  people: "[data-people]",
  range: "[data-range]",
  refs: "[data-refs]",
  revisions: "[data-file-history]",
  scroll: ".prose pre, .prose table, .tabs",
  switcher: "[data-switcher]",
  theme: "[data-theme-switch]",
  wait: "[data-wait]",
};

const version = new URL(import.meta.url).search;
const sprite = document.querySelector("use")?.getAttribute("href").split("#")[0] ?? "";

// What the scripts say in the reader's language, by the English text. They go on in English when it does not come.
const words = {};
const wordsAt = document.querySelector("script[data-words]")?.dataset.words;
if (wordsAt) {
  try { Object.assign(words, (await import(wordsAt)).default); } catch { /* English */ }
}

const tools = {
  /** A text in the reader's language, with values in its places: `t("{n} more", { n: 3 })`. */
  t: (text, values = {}) => (words[text] ?? text).replace(/\{(\w+)\}/g, (place, name) => values[name] ?? place),

  load: (name) => import(`./${name}.js${version}`),

  /** Makes an element: `element("a", { href: "/" }, "Home", other)`. */
  element(tag, attributes = {}, ...children) {
    const node = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) {
      if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
      else if (value === true) node.setAttribute(name, "");
      else if (value !== false && value != null) node.setAttribute(name, value);
    }
    node.append(...children);
    return node;
  },

  icon(name) {
    const box = document.createElement("span");
    box.innerHTML = `<svg class="icon" width="16" height="16" aria-hidden="true"><use></use></svg>`;
    box.querySelector("use").setAttribute("href", `${sprite}#${name}`);
    return box.firstChild;
  },

  /** Asks one of our own addresses for JSON. */
  async json(url) {
    const answer = await fetch(url, { headers: { "X-Requested-With": "XMLHttpRequest", "X-PARTIAL-XHR": "1", Accept: "application/json" } });
    if (!answer.ok) throw new Error(`${answer.status} ${url}`);
    return answer.json();
  },

  /** Says something to those who listen. */
  say(text) {
    let live = document.getElementById("live");
    if (!live) {
      live = tools.element("div", { id: "live", class: "vh", role: "status" });
      document.body.append(live);
    }
    live.textContent = text;
  },

  /** What this browser remembers; never fails. */
  remember: {
    get: (key) => { try { return localStorage.getItem(`kallithea.${key}`); } catch { return null; } },
    set: (key, value) => { try { localStorage.setItem(`kallithea.${key}`, value); } catch { /* private window */ } },
  },
};

const wanted = Object.entries(behaviours).map(([name, selector]) => [name, [...document.querySelectorAll(selector)]]).filter(([, found]) => found.length);
await Promise.all(wanted.map(async ([name, found]) => (await tools.load(name)).default(found, tools)));
document.documentElement.dataset.scripts = "ready";
