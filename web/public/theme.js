// Before the first paint: the listener's own choice of light or dark, and the language for screen readers.
(function () {
  try {
    var theme = localStorage.getItem('euterpe.theme');
    if (theme === 'light' || theme === 'dark') document.documentElement.dataset.theme = theme;
    var language = localStorage.getItem('euterpe.language') || navigator.language.slice(0, 2);
    document.documentElement.lang = language === 'es' ? 'es' : 'en';
    if (localStorage.getItem('euterpe.folded') === 'true') document.documentElement.dataset.folded = '';
  } catch (error) {
    // Storage may be forbidden; the defaults do.
  }
})();
