// Open addresses in a player in headless Chromium; say what each shows, and keep a screenshot.
// node look.mjs BASE OUT '[{"name": …, "url": …, "ts": …}, …]'   BASE: with URL and TS. One JSON object a line: name,
// url, text, images (how many have pixels), digests (SHA-256 of each image's bytes, as the player serves them), outside.
import { chromium } from "playwright-core";

const [base, out, wanted] = process.argv.slice(2);
const quiet = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
  "--disable-component-update", "--disable-sync", "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1"];
const browser = await chromium.launch({ executablePath: process.env.CHROMIUM || "/usr/bin/chromium", args: quiet });

const shown = () => ({
  text: document.body ? document.body.innerText : "",
  images: [...document.images].filter((image) => image.naturalWidth > 0).length,
});
const digests = () => Promise.all([...document.images].map(async (image) => {
  const bytes = await (await fetch(image.currentSrc || image.src)).arrayBuffer();
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  return [...digest].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}));

for (const { name, url, ts } of JSON.parse(wanted)) {
  const page = await browser.newPage({ viewport: { width: 1200, height: 900 } });
  const outside = [];
  page.on("request", (asked) => {
    if (!/^(http:\/\/127\.0\.0\.1|data:|blob:|about:)/.test(asked.url())) outside.push(asked.url());
  });
  const inPlayer = base.includes("/view.html");
  await page.goto(base.replace("TS", ts).replace("URL", inPlayer ? encodeURIComponent(url) : url));
  let seen = { text: "", images: 0 }, where = null;
  for (let tries = 0; tries < 120 && !seen.text && !seen.images; tries++) {
    if (tries && tries % 40 === 0) await page.reload();  // the service worker was not in charge yet
    await page.waitForTimeout(250);
    for (const frame of page.frames()) {
      const isArchived = frame.url().includes(inPlayer ? "/replay/w/" : "mp_/");
      const now = isArchived && (await frame.evaluate(shown).catch(() => null));
      if (now && now.text.length + now.images > seen.text.length + seen.images) [seen, where] = [now, frame];
    }
  }
  await page.waitForTimeout(500);
  seen = (where && (await where.evaluate(shown).catch(() => null))) || seen;
  const found = (where && (await where.evaluate(digests).catch((error) => [String(error)]))) || [];
  await page.screenshot({ path: `${out}/${name}.png` });
  const { text, images } = seen;
  console.log(JSON.stringify({ name, url, text: text.slice(0, 2000), images, digests: found, outside }));
  await page.close();
}
await browser.close();
