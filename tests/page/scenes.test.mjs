// The page in chosen states, with scripted events.
import assert from 'node:assert/strict';
import { browserTest, openPage, shoot, SKIP_SCENES, Stand } from './fixture.mjs';

const sceneTest = (name, run) => browserTest(name, SKIP_SCENES, run);

const SCENES = ['ok', 'syncing', 'blocked', 'suspended', 'api-down', 'wrong-key', 'bad-manifest', 'no-manifest', 'empty', 'hostile'];
// A closed connection is an error of the console.
const DISCONNECTED = /ERR_CONNECTION_REFUSED|ERR_INCOMPLETE_CHUNKED|ERR_CONNECTION_RESET|ERR_EMPTY_RESPONSE/;

async function open(t, stand, options = {}) {
  const page = await openPage(t, () => stand.url, options);
  await page.goto(stand.url);
  if (options.javaScriptEnabled !== false) await page.waitForSelector('#live.on');
  return page;
}

const claim = (page) => page.locator('h1').textContent();
const names = (page) => page.locator('tbody:visible .title').allTextContents();
const equals = (page, words) => page.waitForFunction((wanted) => document.querySelector('h1').textContent === wanted, words);

/** What is written on the page, times as they are in the document; what is folded, too. */
const written = (page) =>
  page.evaluate(() => {
    const copy = (id) => {
      const node = document.getElementById(id).cloneNode(true);
      for (const time of node.querySelectorAll('time')) time.textContent = time.dateTime;
      for (const shape of node.querySelectorAll('svg')) shape.replaceWith(shape.outerHTML);
      return node.textContent.replace(/\s+/g, ' ').trim();
    };
    return { facts: copy('facts'), verdict: copy('verdict'), sessions: copy('sessions').replace(/^.*?Next pass\s*/, '') };
  });

/** Has the page put all that the daemon renders in the place of what is there. */
async function swapAll(page, stand) {
  await page.evaluate(() => document.getElementById('facts').setAttribute('data-before', ''));
  stand.forget();
  await page.waitForSelector('#facts:not([data-before])', { state: 'attached' });
}

for (const scene of SCENES) {
  sceneTest(`${scene}: the script shows what the daemon rendered, and nothing is wrong`, async (t) => {
    const stand = await Stand.start(t, scene);
    const live = await open(t, stand);
    const plain = await open(t, stand, { javaScriptEnabled: false });
    await shoot(live, scene);
    for (const row of await live.locator('details').all()) await row.evaluate((node) => (node.open = true));
    await swapAll(live, stand);
    assert.deepEqual(await written(live), await written(plain));
    assert.equal(await live.title(), await plain.title());
    assert.equal(await live.evaluate(() => document.querySelectorAll('script, img, iframe, object, embed, link[rel=stylesheet]').length), 1);
  });
}

sceneTest('without JavaScript there is a table of the sessions, with everything in it', async (t) => {
  const stand = await Stand.start(t, 'blocked');
  const page = await open(t, stand, { javaScriptEnabled: false });
  assert.equal(await claim(page), '2 of 4 sessions are blocked');
  assert.deepEqual(await names(page), ['research', 'support', 'analysis', 'writing']);
  assert.equal(await page.locator('#filter').isVisible(), false);
  await page.locator('#s-research summary').click();
  assert.equal(await page.locator('#s-research .command').isVisible(), true);
  assert.match(await page.locator('#live').textContent(), /not live/);
  await shoot(page, 'no-javascript');
});

sceneTest('events change what they are about, without a reload', async (t) => {
  const stand = await Stand.start(t, 'ok');
  const page = await open(t, stand);
  await page.evaluate(() => {
    window.untouched = document.getElementById('s-analysis').querySelector('.row').firstChild;
    window.kept = document.getElementById('s-research');
  });
  await page.locator('#s-research summary').click();
  await page.evaluate(() => getSelection().selectAllChildren(document.querySelector('#s-research .counts p')));
  const selected = await page.evaluate(() => String(getSelection()));
  stand.change('research~');
  await equals(page, '1 of 2 sessions is syncing');
  assert.equal(await page.locator('#s-research .word').textContent(), 'syncing');
  assert.match(await page.title(), /^1 of 2 sessions is syncing/);
  const kept = () =>
    page.evaluate(() => ({
      untouched: window.untouched.isConnected,
      kept: window.kept.isConnected && window.kept.querySelector('details').open,
      focus: document.activeElement === window.kept.querySelector('summary'),
      selected: String(getSelection()),
    }));
  assert.deepEqual(await kept(), { untouched: true, kept: true, focus: true, selected });

  stand.change('!sessync.yaml:2:1: no');
  await equals(page, 'The manifest is invalid: the last good version stays in force');
  assert.match(await page.locator('#verdict').textContent(), /sessync\.yaml:2:1: no/);
  stand.change('!', 'research-', 'newcomer=analysis');
  await equals(page, 'All 2 sessions are in sync');
  assert.deepEqual(await names(page), ['analysis', 'newcomer']);
});

sceneTest('a problem comes to the top and goes back when it is solved', async (t) => {
  const stand = await Stand.start(t, 'blocked');
  const page = await open(t, stand);
  stand.change('research=analysis', 'support=analysis');
  await equals(page, 'All 4 sessions are in sync');
  assert.deepEqual(await names(page), ['analysis', 'research', 'support', 'writing']);
  await page.locator('#s-writing summary').focus();
  await page.evaluate(() => scrollTo(0, 50));
  const scrolled = await page.evaluate(() => scrollY);
  stand.change('support=support');
  await equals(page, '1 of 4 sessions is blocked');
  assert.deepEqual(await names(page), ['support', 'analysis', 'research', 'writing']);
  assert.equal(await page.evaluate(() => document.activeElement.closest('tbody')?.id), 's-writing');
  assert.equal(await page.evaluate(() => scrollY), scrolled);
});

sceneTest('the filter takes names, ids and states, by keyboard too', async (t) => {
  const stand = await Stand.start(t, 'blocked');
  const page = await open(t, stand);
  await page.keyboard.press('/');
  await page.keyboard.type('analy');
  await page.waitForFunction(() => document.getElementById('shown').textContent === '1 of 4 sessions');
  assert.deepEqual(await names(page), ['analysis']);
  await page.fill('#words', 'sesn_01Kq8wr');
  assert.deepEqual(await names(page), ['writing']);
  await page.fill('#words', 'quota');
  assert.deepEqual(await names(page), ['support']);
  await page.fill('#words', '');
  await page.getByRole('button', { name: 'problems' }).press('Enter');
  assert.deepEqual(await names(page), ['research', 'support']);
  await page.fill('#words', 'nothing like this');
  assert.deepEqual(await names(page), []);
  stand.change('newcomer=analysis');
  await page.waitForFunction(() => document.getElementById('shown').textContent === '0 of 5 sessions');
  assert.equal(await page.locator('#words').inputValue(), 'nothing like this');
  assert.equal(await page.getByRole('button', { name: 'problems' }).getAttribute('aria-pressed'), 'true');
});

sceneTest('it says when it is not live, and is again when the daemon is back', async (t) => {
  const stand = await Stand.start(t, 'ok');
  const page = await open(t, stand, { allow: DISCONNECTED });
  await stand.stop();
  await page.waitForSelector('body.stale');
  assert.match(await page.locator('#live').textContent(), /^Not connected since \d\d:\d\d:\d\d: what is shown is from then/);
  assert.equal(await page.title(), 'Not connected · sessync');
  await shoot(page, 'not-connected');
  stand.edits.push('research-');
  stand.forget();
  await stand.listen(stand.port);
  await page.waitForSelector('body:not(.stale) #live.on');
  await equals(page, 'The session is in sync');
  assert.deepEqual(await names(page), ['analysis']);
});

sceneTest('another version of the daemon brings its own page', async (t) => {
  const stand = await Stand.start(t, 'ok');
  const page = await open(t, stand);
  const loaded = page.waitForEvent('load');
  stand.change('@0.2.0');
  await loaded;
  await page.waitForSelector('#live.on');
});

sceneTest('a thousand sessions: all there, and one event touches one of them', async (t) => {
  const stand = await Stand.start(t, 'many');
  const page = await open(t, stand);
  assert.equal(await claim(page), '10 of 1,000 sessions are blocked');
  assert.equal(await page.locator('tbody').count(), 1000);
  assert.equal(await page.locator('.body').count(), 200, 'the details of all others are asked for when they are opened');
  await shoot(page, 'many');
  await page.evaluate(() => {
    window.touched = new Set();
    new MutationObserver((changes) => {
      for (const change of changes) {
        const row = (change.target.closest ? change.target : change.target.parentElement).closest('tbody');
        if (row && !change.target.closest?.('time')) window.touched.add(row.id);
      }
    }).observe(document.getElementById('sessions'), { childList: true, subtree: true });
  });
  stand.change('team-0500~');
  await page.waitForFunction(() => document.getElementById('s-team-0500').classList.contains('syncing'));
  assert.deepEqual(await page.evaluate(() => [...window.touched]), ['s-team-0500']);
  await page.fill('#words', 'team-0999');
  assert.deepEqual(await names(page), ['team-0999']);
  await page.locator('#s-team-0999 summary').click();
  await page.waitForSelector('#s-team-0999 .body .counts');
  assert.deepEqual(stand.asked.filter((path) => path.startsWith('/page/sessions/')), ['/page/sessions/team-0999']);
});

sceneTest('nothing is wider than the window, from 360 px on', async (t) => {
  for (const scene of ['blocked', 'hostile', 'suspended']) {
    const stand = await Stand.start(t, scene);
    const page = await open(t, stand);
    for (const row of await page.locator('details').all()) await row.evaluate((node) => (node.open = true));
    for (const width of [360, 620, 901, 1440]) {
      await page.setViewportSize({ width, height: 800 });
      assert.equal(await page.evaluate(() => document.documentElement.scrollWidth), width, scene);
    }
  }
});

/** In the page: the texts whose contrast to what is behind them is below AA. */
function tooFaint() {
  const channels = (text) => text.match(/[\d.]+/g).map(Number);
  const light = ([r, g, b]) => {
    const linear = [r, g, b].map((one) => (one / 255 <= 0.03928 ? one / 255 / 12.92 : ((one / 255 + 0.055) / 1.055) ** 2.4));
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2];
  };
  const behind = (node) => {
    const colour = channels(getComputedStyle(node).backgroundColor);
    return colour[3] === 0 && node.parentElement ? behind(node.parentElement) : colour;
  };
  const faint = [];
  for (const node of document.querySelectorAll('body *')) {
    const hasText = [...node.childNodes].some((child) => child.nodeType === Node.TEXT_NODE && child.textContent.trim() !== '');
    if (!hasText || !node.checkVisibility()) continue;
    const [one, other] = [light(channels(getComputedStyle(node).color)), light(behind(node))];
    const contrast = (Math.max(one, other) + 0.05) / (Math.min(one, other) + 0.05);
    if (contrast < 4.5) faint.push(`${node.tagName}.${node.className} ${contrast.toFixed(2)} ${node.textContent.slice(0, 20)}`);
  }
  return faint;
}

sceneTest('every text stands out from what is behind it (AA), light and dark', async (t) => {
  for (const scene of ['ok', 'syncing', 'blocked', 'suspended', 'api-down', 'bad-manifest']) {
    const stand = await Stand.start(t, scene);
    const page = await open(t, stand, { reducedMotion: 'reduce' });
    for (const row of await page.locator('details').all()) await row.evaluate((node) => (node.open = true));
    for (const colorScheme of ['light', 'dark']) {
      await page.emulateMedia({ colorScheme });
      assert.deepEqual(await page.evaluate(tooFaint), [], `${scene}, ${colorScheme}`);
    }
  }
});

sceneTest('assistive technology gets a table, a verdict that speaks, and words for signs', async (t) => {
  const stand = await Stand.start(t, 'blocked');
  const page = await open(t, stand);
  assert.equal(await page.locator('#verdict').getAttribute('aria-live'), 'polite');
  assert.equal(await page.getByRole('table').count(), 1);
  assert.equal(await page.getByRole('columnheader').count(), 6);
  assert.equal(await page.getByRole('rowheader', { name: /research/ }).count(), 1);
  assert.equal(await page.getByRole('cell', { name: 'blocked', exact: true }).count(), 2);
  assert.equal(await page.getByRole('img', { name: /40 changes, longest/ }).count(), 4);
});
