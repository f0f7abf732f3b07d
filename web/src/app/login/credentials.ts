import { LoginKey } from './login-texts';

/** Check a name as the auth service does. Returns the key of the error text, or null. */
export function validateName(name: string): LoginKey | null {
  if (!name) return 'nameRequired';
  if (!/^[A-Za-z0-9._-]+$/.test(name)) return 'nameInvalid';
  if (name.length < 3) return 'nameTooShort';
  return name.length > 32 ? 'nameTooLong' : null;
}

/** Check a password as the auth service does, in characters after NFKC normalisation. Returns the key of the error text, or null. */
export function validatePassword(password: string): LoginKey | null {
  const length = [...password.normalize('NFKC')].length;
  if (!length) return 'passwordRequired';
  if (length < 8) return 'passwordTooShort';
  return length > 128 ? 'passwordTooLong' : null;
}
