import { nameProblem, passwordProblem } from './credentials';

describe('credentials', () => {
  it('tells what is wrong with a name', () => {
    expect(nameProblem('')).toBe('needName');
    expect(nameProblem('jo')).toBe('nameShort');
    expect(nameProblem('josé')).toBe('nameCharacters');
    expect(nameProblem('x'.repeat(33))).toBe('nameLong');
    expect(nameProblem('clara.s_1-2')).toBeNull();
  });

  it('counts the characters of a password as auth does', () => {
    expect(passwordProblem('1234567')).toBe('passwordShort');
    expect(passwordProblem('🎵'.repeat(8))).toBeNull();
    expect(passwordProblem('ﬁ'.repeat(4))).toBeNull(); // a ligature that NFKC makes two letters
    expect(passwordProblem('x'.repeat(129))).toBe('passwordLong');
  });
});
