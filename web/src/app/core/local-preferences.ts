/** The preferences that the browser keeps: theme, language, collapsed navigation. Never tokens. Storage may be disabled. */
export const localPreferences = {
  get(key: string): string | null {
    try {
      return localStorage.getItem(key);
    } catch {
      return null;
    }
  },

  set(key: string, value: string | null): void {
    try {
      if (value === null) localStorage.removeItem(key);
      else localStorage.setItem(key, value);
    } catch {
      // The preference then lasts until the page is closed.
    }
  },
};
