import { solveChallenge } from './proof-of-work';

describe('solveChallenge', () => {
  it('finds the solution that the library of the server finds', async () => {
    const parameters = {
      algorithm: 'PBKDF2/SHA-256',
      cost: 1000,
      keyLength: 32,
      keyPrefix: '00',
      nonce: 'd6a7364ea60c13a021ee55e6b024afa3',
      salt: '563fa2002e32841b804b756242dc3ef4',
    };
    const { challenge, solution } = JSON.parse(atob(await solveChallenge({ parameters, signature: '27f0' })));
    expect(challenge).toEqual({ parameters, signature: '27f0' });
    expect(solution.counter).toBe(161);
    expect(solution.derivedKey).toBe('00de947ef8d5c14db06dc168698d2f1bc011fc6bcccdd6476bb0f18b5651396a');
  });
});
