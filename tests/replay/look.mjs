// Open addresses in ReplayWeb.page in headless Chromium; say what each shows, and keep a screenshot.
// node look.mjs BASE OUT NAME=URL …   One JSON object a line: name, url, text, images (how many have pixels), outside.
import { chromium } from "playwright-core";

const [base, out, ...wanted] = process.argv.slice(2);
const quiet = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
  "--disable-component-update", "--disable-sync", "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1"];
const browser = await chromium.launch({ executablePath: process.env.CHROMIUM || "/usr/bin/chromium", args: quiet });
for (const one of wanted) {
  const cut = one.indexOf("=");
  const [name, url] = [one.slice(0, cut), one.slice(cut + 1)];
  const page = await browser.newPage({ viewport: { width: 1200, height: 900 } });
  const outside = [];
  page.on("request", (asked) => {
    if (!/^(http:\/\/127\.0\.0\.1|data:|blob:|about:)/.test(asked.url())) outside.push(asked.url());
  });
  await page.goto(base.replace("URL", base.includes("#mp_") ? url : encodeURIComponent(url)));
  let seen = { text: "", images: 0 };
  for (let tries = 0; tries < 80 && !seen.text && !seen.images; tries++) {
    await page.waitForTimeout(250);
    for (const frame of page.frames()) {
      const isArchived = frame.url().includes("/replay/w/") || base.includes("mp_");
      const now = isArchived && (await frame.evaluate(() => ({
        text: document.body ? document.body.innerText : "",
        images: [...document.images].filter((image) => image.naturalWidth > 0).length,
      })).catch(() => null));
      if (now && now.text.length + now.images > seen.text.length + seen.images) seen = now;
    }
  }
  await page.waitForTimeout(500);
  await page.screenshot({ path: `${out}/${name}.png` });
  console.log(JSON.stringify({ name, url, text: seen.text.slice(0, 2000), images: seen.images, outside }));
  await page.close();
}
await browser.close();
