import type { Schema } from '../core/api/types';
import { LanguageCode } from '../core/text/language';
import { fill, texts } from '../core/text/texts';
import { kindLabels, notificationsPageTexts } from '../notifications/notifications-page-texts';

type Delivery = Schema<'DeliveryAnswer'>;
type Failure = Pick<Delivery, 'status_code' | 'error'>;

const messages = texts(
  {
    test: 'Test event',
    status: 'the receiver answered {status}',
    redirect: 'the receiver answered {status}; redirects are not followed',
    timeout: 'no answer in time',
    unknownHost: 'the host name cannot be resolved',
    privateHost: 'the host has a private or local address',
    certificate: 'the certificate of the receiver is not valid',
    unreachable: 'the receiver cannot be reached',
  },
  {
    test: 'Evento de prueba',
    status: 'el receptor respondió {status}',
    redirect: 'el receptor respondió {status}; no se siguen las redirecciones',
    timeout: 'sin respuesta a tiempo',
    unknownHost: 'no se encuentra el nombre del servidor',
    privateHost: 'el servidor tiene una dirección privada o local',
    certificate: 'el certificado del receptor no es válido',
    unreachable: 'no se puede conectar con el receptor',
  },
);

/** The errors that the service records without a status, by what they contain. */
const patterns: readonly (readonly [RegExp, keyof (typeof messages)['en']])[] = [
  [/no answer within/i, 'timeout'],
  [/cannot be resolved/i, 'unknownHost'],
  [/private or local address/i, 'privateHost'],
  [/certificate/i, 'certificate'],
];

/** Return the label of a delivery's kind of event; a kind that is unknown here is shown as it is. */
export function deliveryKind(delivery: Pick<Delivery, 'kind'>, language: LanguageCode): string {
  if (delivery.kind === 'ping') return messages[language].test;
  const labels: Readonly<Record<string, keyof (typeof notificationsPageTexts)['en']>> = kindLabels;
  const label = labels[delivery.kind];
  return label ? notificationsPageTexts[language][label] : delivery.kind;
}

/** Return why the latest attempt has failed; null if it has not. */
export function deliveryError(delivery: Failure, language: LanguageCode): string | null {
  if (!delivery.error) return null;
  const { status_code: status } = delivery;
  if (status !== null) {
    const isRedirect = status >= 300 && status < 400;
    return fill(messages[language][isRedirect ? 'redirect' : 'status'], { status });
  }
  const [, key = 'unreachable'] = patterns.find(([pattern]) => pattern.test(delivery.error)) ?? [];
  return messages[language][key];
}
