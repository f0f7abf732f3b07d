import { validateName, validatePassword } from './credentials';

describe('credentials', () => {
  it('validates names', () => {
    expect(validateName('')).toBe('nameRequired');
    expect(validateName('jo')).toBe('nameTooShort');
    expect(validateName('josé')).toBe('nameInvalid');
    expect(validateName('x'.repeat(33))).toBe('nameTooLong');
    expect(validateName('clara.s_1-2')).toBeNull();
  });

  it('counts the characters of a password as the auth service does', () => {
    expect(validatePassword('1234567')).toBe('passwordTooShort');
    expect(validatePassword('🎵'.repeat(8))).toBeNull();
    expect(validatePassword('ﬁ'.repeat(4))).toBeNull(); // a ligature that NFKC expands to two letters
    expect(validatePassword('x'.repeat(129))).toBe('passwordTooLong');
  });
});
