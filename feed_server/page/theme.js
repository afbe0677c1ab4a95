// Before anything is drawn, so that nobody is dazzled: which colours the reader chose.
// A classic script, since modules run only once the page is there.
(() => {
  const KEY = "parfeed.theme";
  const CHOICES = ["auto", "light", "dark"];
  const root = document.documentElement;
  let chosen = "auto";
  try {
    chosen = localStorage.getItem(KEY) ?? chosen;
  } catch {
    // A browser that keeps nothing for this page: the choice lasts until it is closed.
  }

  function choose(theme) {
    chosen = CHOICES.includes(theme) ? theme : "auto";
    root.dataset.theme = chosen;
    try {
      localStorage.setItem(KEY, chosen);
    } catch {
      // As above.
    }
  }

  choose(chosen);
  globalThis.parfeedTheme = {
    get chosen() {
      return chosen;
    },
    next() {
      choose(CHOICES[(CHOICES.indexOf(chosen) + 1) % CHOICES.length]);
      return chosen;
    },
  };
})();
