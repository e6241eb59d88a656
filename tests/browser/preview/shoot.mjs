// Serves the rendered pages with the public folder under a strict Content-Security-Policy and takes pictures.
//
//   node shoot.mjs <pages folder> <pictures folder> [name-prefix] [widths, comma separated]
//
// Needs the npm package playwright-core (found through PLAYWRIGHT, the path of its index.mjs) and Chromium
// (CHROMIUM, else /usr/bin/chromium). Prints every console error, every sideways overflow of a page and every target
// that is smaller than 24 px.
import { createServer } from "node:http";
import { readFile, readdir, mkdir } from "node:fs/promises";
import { extname, join, dirname } from "node:path";
import { fileURLToPath } from "node:url";

const [pages, pictures, prefix = "", widths = "1280,390"] = process.argv.slice(2);
const { chromium } = await import(process.env.PLAYWRIGHT ?? "playwright-core");
const here = dirname(fileURLToPath(import.meta.url));
const publicFolder = join(here, "../../../python/kallithea_rs/public");
const types = { ".html": "text/html; charset=utf-8", ".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml", ".ico": "image/x-icon", ".png": "image/png", ".json": "application/json" };
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: https:; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'self'";
const answers = {
  "/_repos": { more: false, results: [{ text: "Groups", children: [{ id: "tools", text: "tools", type: "group", obj: {} }, { id: "tools/vcs", text: "tools/vcs", type: "group", obj: {} }] }, { text: "Repositories", children: ["dotfiles", "tools/vcs/kallithea-rs", "日本語リポジトリ"].map((id, n) => ({ id, text: id, type: "repo", obj: { repo_type: n ? "hg" : "git", private: n === 1 } })) }] },
  "/refs-data": { more: false, results: [{ text: "Branch", children: ["default", "stable", "feature/x"].map((t) => ({ id: "0".repeat(40), text: t, type: "branch" })) }, { text: "Tag", children: Array.from({ length: 60 }, (_, n) => ({ id: "1".repeat(40), text: `v0.${60 - n}`, type: "tag" })) }] },
  "/nodelist": { nodes: [{ name: "src", type: "dir" }, ...["src/web/router.rs", "src/web/lib.rs", "README.md"].map((name) => ({ name, type: "file" }))] },
  "/check": { result: false },
};

const server = createServer(async (request, response) => {
  const path = decodeURIComponent(new URL(request.url, "http://x").pathname);
  if (path in answers) {
    response.writeHead(200, { "Content-Type": types[".json"] });
    return response.end(JSON.stringify(answers[path]));
  }
  const file = /^\/(css|js|images)\//.test(path) ? join(publicFolder, path) : join(pages, path === "/" ? "home.html" : path);
  try {
    const body = await readFile(file);
    response.writeHead(200, { "Content-Type": types[extname(file)] ?? "text/plain", "Content-Security-Policy": policy, "X-Content-Type-Options": "nosniff" });
    response.end(body);
  } catch {
    response.writeHead(404).end();
  }
});
await new Promise((done) => server.listen(0, "127.0.0.1", done));
const base = `http://127.0.0.1:${server.address().port}`;
if (process.env.SERVE) {
  console.log(base);
  await new Promise(() => {});
}
await mkdir(pictures, { recursive: true });
const browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium", args: ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"] });
const names = (await readdir(pages)).filter((name) => name.endsWith(".html") && name.startsWith(prefix)).map((name) => name.slice(0, -5));
let troubles = 0;
for (const scheme of (process.env.SCHEMES ?? "light,dark").split(",")) {
  for (const width of widths.split(",").map(Number)) {
    const context = await browser.newContext({ viewport: { width, height: width < 600 ? 844 : 900 }, colorScheme: scheme, javaScriptEnabled: !process.env.NOSCRIPT, deviceScaleFactor: Number(process.env.SCALE ?? 1) });
    for (const name of names) {
      const page = await context.newPage();
      page.on("console", (m) => { if (m.type() === "error") { troubles += 1; console.log(`${name} ${width} ${scheme}: ${m.text()}`); } });
      page.on("pageerror", (e) => { troubles += 1; console.log(`${name}: ${e}`); });
      await page.goto(`${base}/${name}.html`, { waitUntil: "load" });
      await page.waitForTimeout(120);
      const found = await page.evaluate(() => {
        const out = [];
        const root = document.documentElement;
        if (root.scrollWidth > innerWidth) out.push(`scrolls sideways: ${root.scrollWidth} > ${innerWidth}`);
        for (const e of document.querySelectorAll("button, summary, input:not([type=hidden], [disabled]), select, .button, .tabs a, .places a")) {
          const box = e.getBoundingClientRect();
          const label = e.closest("label")?.getBoundingClientRect();
          if (e.closest("details:not([open])") && e.tagName !== "SUMMARY") continue;
          if (box.width && Math.min(Math.max(box.width, label?.width ?? 0), Math.max(box.height, label?.height ?? 0)) < 23.5 && !e.closest(".vh") && getComputedStyle(e).opacity !== "0") out.push(`small target: ${e.outerHTML.slice(0, 90)} ${box.width}x${box.height}`);
        }
        const ids = new Map();
        for (const e of document.querySelectorAll("[id]")) ids.set(e.id, (ids.get(e.id) ?? 0) + 1);
        for (const [id, n] of ids) if (n > 1) out.push(`id twice: ${id}`);
        return out;
      });
      for (const trouble of found) { troubles += 1; console.log(`${name} ${width} ${scheme}: ${trouble}`); }
      await page.screenshot({ path: join(pictures, `${name}-${width}-${scheme}.png`), fullPage: !!process.env.FULL });
      await page.close();
    }
    await context.close();
  }
}
await browser.close();
server.close();
console.log(`${names.length} pages, ${troubles} troubles`);
