import { deliveryError, deliveryKind } from './delivery-messages';

const of = (values: { kind?: string; status_code?: number; error?: string }) => ({
  kind: 'ping',
  status_code: null,
  error: '',
  ...values,
});

describe('deliveryKind', () => {
  it('names the event in the chosen language', () => {
    expect(deliveryKind(of({}), 'es')).toBe('Evento de prueba');
    expect(deliveryKind(of({ kind: 'reply' }), 'es')).toBe('Respuestas');
    expect(deliveryKind(of({ kind: 'of a later version' }), 'es')).toBe('of a later version');
  });
});

describe('deliveryError', () => {
  it('states in the chosen language why an attempt has failed', () => {
    const error = (values: object) => deliveryError(of(values), 'es');
    expect(error({})).toBeNull();
    expect(error({ status_code: 503, error: 'the receiver answered 503' })).toBe('el receptor respondió 503');
    expect(error({ status_code: 302, error: 'redirects are not followed' })).toContain('no se siguen');
    expect(error({ error: 'no answer within 15 seconds' })).toBe('sin respuesta a tiempo');
    expect(error({ error: 'All connection attempts failed' })).toBe('no se puede conectar con el receptor');
    expect(deliveryError(of({ error: 'the host name cannot be resolved' }), 'en')).toBe(
      'the host name cannot be resolved',
    );
  });
});
