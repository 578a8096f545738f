// Adds to a report what reading does not need: filters, folding, and lines of the picture that light up.
(() => {
  'use strict';

  // Shows the items that fit all controls of a bar, and hides what has none left in it.
  function filter(bar) {
    const kind = bar.dataset.for;
    const words = bar.querySelector('input').value.toLowerCase().split(/\s+/).filter(Boolean);
    const choices = [...bar.querySelectorAll('select')].filter((it) => it.value !== '');
    const items = itemsOf(bar);
    let shown = 0;
    for (const item of items) {
      const text = words.length ? item.textContent.toLowerCase() : '';
      item.hidden =
        choices.some((it) => item.dataset[it.dataset.key] !== it.value) ||
        words.some((word) => !text.includes(word));
      if (!item.hidden) shown += 1;
    }
    if (kind === 'door') {
      for (const router of document.querySelectorAll('.router[id]')) {
        router.hidden = !router.querySelector('.door:not([hidden])');
      }
    }
    bar.querySelector('output').textContent =
      shown === items.length ? '' : shown + ' of ' + items.length;
  }

  function itemsOf(bar) {
    const section = bar.closest('section');
    return [...section.querySelectorAll('details.' + bar.dataset.for)].filter(
      (it) => !it.closest('.folded'),
    );
  }

  for (const bar of document.querySelectorAll('.filters')) {
    bar.hidden = false;
    bar.addEventListener('input', () => filter(bar));
    for (const button of bar.querySelectorAll('[data-fold]')) {
      button.addEventListener('click', () => {
        for (const item of itemsOf(bar)) {
          if (!item.hidden) item.open = button.dataset.fold === 'open';
        }
      });
    }
    // A reload keeps what was typed, so the list must follow it.
    filter(bar);
  }

  // A link to something that is folded or filtered out opens it.
  function reveal() {
    const target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
    if (!target) return;
    for (let at = target; at; at = at.parentElement) {
      if (at.hidden) at.hidden = false;
      if (at.tagName === 'DETAILS') at.open = true;
    }
    target.scrollIntoView();
    const summary = target.querySelector('summary');
    if (summary) summary.focus({ preventScroll: true });
  }
  addEventListener('hashchange', reveal);
  if (location.hash) reveal();

  // `/` goes to the filter of the map, arrows from one line of a list to the next, Escape empties a filter.
  addEventListener('keydown', (event) => {
    const at = document.activeElement;
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === '/' && !/^(INPUT|SELECT|TEXTAREA)$/.test(at.tagName)) {
      const bars = document.querySelectorAll('.filters');
      if (bars.length) {
        bars[bars.length - 1].querySelector('input').focus();
        event.preventDefault();
      }
    } else if (event.key === 'Escape' && at.type === 'search') {
      at.value = '';
      filter(at.closest('.filters'));
    } else if (/^Arrow(Up|Down)$/.test(event.key) && at.tagName === 'SUMMARY') {
      const lines = [...document.querySelectorAll('summary')].filter((it) => it.offsetParent);
      const next = lines[lines.indexOf(at) + (event.key === 'ArrowDown' ? 1 : -1)];
      if (next) {
        next.focus();
        event.preventDefault();
      }
    }
  });

  // The lines of a box, and those that go on from there, light up while it is pointed at.
  for (const picture of document.querySelectorAll('.picture svg')) {
    const lines = [...picture.querySelectorAll('path')];
    const follow = (id, here, there) =>
      lines
        .filter((line) => line.dataset[here] === id)
        .flatMap((line) => [line, ...follow(line.dataset[there], here, there)]);
    const light = (node) => {
      const lit = node
        ? [...follow(node.dataset.node, 'from', 'to'), ...follow(node.dataset.node, 'to', 'from')]
        : [];
      picture.classList.toggle('lighting', lit.length > 0);
      for (const line of lines) line.classList.toggle('lit', lit.includes(line));
    };
    picture.addEventListener('pointerover', (event) => light(event.target.closest('[data-node]')));
    picture.addEventListener('pointerleave', () => light(null));
    picture.addEventListener('focusin', (event) => light(event.target.closest('[data-node]')));
    picture.addEventListener('focusout', () => light(null));
  }

  // Paper has nothing to click on.
  let folded = [];
  addEventListener('beforeprint', () => {
    folded = [...document.querySelectorAll('details:not([open])')];
    for (const item of folded) item.open = true;
  });
  addEventListener('afterprint', () => {
    for (const item of folded) item.open = false;
  });
})();
