import { LoginKey } from './login-texts';

/** What auth demands of a name; the key of the sentence that says what is wrong, or null. */
export function nameProblem(name: string): LoginKey | null {
  if (!name) return 'needName';
  if (!/^[A-Za-z0-9._-]+$/.test(name)) return 'nameCharacters';
  if (name.length < 3) return 'nameShort';
  return name.length > 32 ? 'nameLong' : null;
}

/** What auth demands of a password, counted as it is stored: normalised to NFKC. */
export function passwordProblem(password: string): LoginKey | null {
  const length = [...password.normalize('NFKC')].length;
  if (!length) return 'needPassword';
  if (length < 8) return 'passwordShort';
  return length > 128 ? 'passwordLong' : null;
}
