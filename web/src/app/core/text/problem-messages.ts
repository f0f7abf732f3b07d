import type { FieldError, Problem } from '../api/problem';
import { LanguageCode } from './language';
import { fill, texts } from './texts';

/** The message for each problem type of the services, with its remedy. */
const messages = texts(
  {
    offline: 'There is no connection to Euterpe. Check your network and try again.',
    unexpected: 'Something went wrong in this page. Load it again.',
    'internal-error': 'Something went wrong on our side. It has been logged; try again.',
    unavailable: 'A part of Euterpe does not answer now. Try again shortly.',
    'too-many-requests': 'That was a lot at once. Wait {seconds} and try again.',
    'validation-error': 'Something in the form needs another look.',
    unauthenticated: 'Log in first.',
    forbidden: 'You may not do that.',
    'not-found': 'There is nothing here any more.',
    conflict: 'This was changed at the same time elsewhere. Reload it and try again.',
    'precondition-failed': 'This was changed elsewhere in the meantime. Reload it and try again.',
    'payload-too-large': 'The file is too large.',
    'name-taken': 'This name is taken. Choose another one.',
    'wrong-password': 'The password is wrong.',
    'wrong-credentials': 'Name or password is wrong.',
    'too-many-attempts': 'Too many attempts. Wait {seconds} and try again.',
    'too-many-keys': 'You have as many API keys as an account may have. Revoke one first.',
    'no-such-guest': 'The guest whose pieces were to be kept is gone.',
    'cross-site-request': 'This request came from another site and was refused.',
    'invalid-refresh-token': 'Your session has ended. Log in again.',
    'tool-missing': 'Sound cannot be made here now: a program is missing on the server.',
    'soundfont-missing': 'This SoundFont is not on the server. Choose another one.',
    'render-queue-full': 'Many are listening now. Try again in {seconds}.',
    'render-timeout': 'Making the sound took too long. Try another format.',
    'render-failed': 'The sound of this piece could not be made.',
    'generation-not-found': 'This composition is not here any more.',
    'generation-not-finished': 'The piece is not finished yet.',
    'invalid-parameters': 'The model does not accept these settings.',
    'queue-full': 'Many pieces are being composed now. Try again in {seconds}.',
    'too-many-unfinished': 'Several of your pieces are being composed already. Wait for one, or stop one.',
    'song-not-found': 'This piece is not here any more, or it is private.',
    'share-not-found': 'This link has expired or was withdrawn.',
    'download-not-allowed': 'This link is for listening only.',
    'comment-not-found': 'This comment is not here any more.',
    'comments-closed': 'Comments on this piece are closed.',
    'not-yours': 'This belongs to another user.',
    'playlist-not-found': 'This playlist is not here any more, or it is private.',
    'author-not-found': 'This author is not here.',
    'limit-reached': 'You have reached the limit of what can be kept here.',
    'not-composed': 'This piece was imported; it has no settings to compose again with.',
    'idempotency-key-reused': 'This was sent before with other content. Load the page again.',
    'insufficient-scope': 'This key may not do that.',
    'session-ended': 'Your session has ended. Log in again.',
    'recent-authentication-required': 'Enter your password to confirm.',
  },
  {
    offline: 'No hay conexión con Euterpe. Comprueba tu red e inténtalo de nuevo.',
    unexpected: 'Algo ha fallado en esta página. Vuelve a cargarla.',
    'internal-error': 'Algo ha fallado por nuestra parte. Ha quedado registrado; inténtalo de nuevo.',
    unavailable: 'Una parte de Euterpe no responde ahora. Inténtalo de nuevo en breve.',
    'too-many-requests': 'Han sido muchas peticiones a la vez. Espera {seconds} e inténtalo de nuevo.',
    'validation-error': 'Algo en el formulario necesita otra mirada.',
    unauthenticated: 'Entra primero en tu cuenta.',
    forbidden: 'No puedes hacer eso.',
    'not-found': 'Aquí ya no hay nada.',
    conflict: 'Otra persona lo cambió al mismo tiempo. Vuelve a cargarlo.',
    'precondition-failed': 'Otra persona lo cambió entretanto. Vuelve a cargarlo.',
    'payload-too-large': 'El archivo es demasiado grande.',
    'name-taken': 'Este nombre ya está en uso. Elige otro.',
    'wrong-password': 'La contraseña no es correcta.',
    'wrong-credentials': 'El nombre o la contraseña no son correctos.',
    'too-many-attempts': 'Demasiados intentos. Espera {seconds} e inténtalo de nuevo.',
    'too-many-keys': 'Tienes tantas claves de API como puede tener una cuenta. Revoca una primero.',
    'no-such-guest': 'El invitado cuyas piezas ibas a conservar ya no existe.',
    'cross-site-request': 'Esta petición vino de otro sitio y se ha rechazado.',
    'invalid-refresh-token': 'Tu sesión ha terminado. Vuelve a entrar.',
    'tool-missing': 'Ahora no se puede crear el sonido: falta un programa en el servidor.',
    'soundfont-missing': 'Este SoundFont no está en el servidor. Elige otro.',
    'render-queue-full': 'Hay mucha gente escuchando. Inténtalo de nuevo en {seconds}.',
    'render-timeout': 'Crear el sonido ha tardado demasiado. Prueba otro formato.',
    'render-failed': 'No se ha podido crear el sonido de esta pieza.',
    'generation-not-found': 'Esta composición ya no está aquí.',
    'generation-not-finished': 'La pieza aún no está terminada.',
    'invalid-parameters': 'El modelo no acepta estos ajustes.',
    'queue-full': 'Se están componiendo muchas piezas. Inténtalo de nuevo en {seconds}.',
    'too-many-unfinished': 'Ya se están componiendo varias piezas tuyas. Espera a una o detén alguna.',
    'song-not-found': 'Esta pieza ya no está aquí o es privada.',
    'share-not-found': 'Este enlace ha caducado o se ha retirado.',
    'download-not-allowed': 'Este enlace solo permite escuchar.',
    'comment-not-found': 'Este comentario ya no está aquí.',
    'comments-closed': 'Los comentarios de esta pieza están cerrados.',
    'not-yours': 'Esto pertenece a otra persona.',
    'playlist-not-found': 'Esta lista ya no está aquí o es privada.',
    'author-not-found': 'Este autor no está aquí.',
    'limit-reached': 'Has llegado al límite de lo que se puede guardar aquí.',
    'not-composed': 'Esta pieza se importó; no tiene ajustes con los que componerla de nuevo.',
    'idempotency-key-reused': 'Esto ya se envió antes con otro contenido. Vuelve a cargar la página.',
    'insufficient-scope': 'Esta clave no puede hacer eso.',
    'session-ended': 'Tu sesión ha terminado. Vuelve a entrar.',
    'recent-authentication-required': 'Escribe tu contraseña para confirmar.',
  },
);

const fieldMessages = texts(
  {
    required: 'This is needed.',
    between: 'Must be from {low} to {high}.',
    least: 'Must be at least {low}.',
    most: 'Must be at most {high}.',
    shortest: 'At least one character.|At least {n} characters.',
    longest: 'At most one character.|At most {n} characters.',
    pattern: 'Contains a character that is not possible here.',
    choice: 'Must be one of {choices}.',
    meter: 'It is in another meter than the piece, which is in {meter}. Choose another style.',
    other: 'This was not accepted.',
    soon: 'a moment',
    seconds: 'one second|{n} seconds',
    minutes: 'one minute|{n} minutes',
  },
  {
    required: 'Hace falta.',
    between: 'Debe estar entre {low} y {high}.',
    least: 'Debe ser al menos {low}.',
    most: 'Debe ser como mucho {high}.',
    shortest: 'Al menos un carácter.|Al menos {n} caracteres.',
    longest: 'Como mucho un carácter.|Como mucho {n} caracteres.',
    pattern: 'Contiene un carácter que aquí no es posible.',
    choice: 'Debe ser uno de {choices}.',
    meter: 'Está en otro compás que la pieza, que va en {meter}. Elige otro estilo.',
    other: 'No se ha aceptado.',
    soon: 'un momento',
    seconds: 'un segundo|{n} segundos',
    minutes: 'un minuto|{n} minutos',
  },
);

/** Return the message of a problem; an unknown type falls back to the message of its status. */
export function problemMessage(problem: Problem, language: LanguageCode): string {
  const known: Record<string, string> = messages[language];
  const byStatus = {
    401: 'unauthenticated',
    403: 'forbidden',
    404: 'not-found',
    409: 'conflict',
    413: 'payload-too-large',
  };
  const fallback = (byStatus as Record<number, string>)[problem.status] ?? statusFallback(problem.status);
  return fill(known[problem.slug] ?? known[fallback] ?? '', {
    seconds: waitingTime(problem.retryAfterSeconds, language),
  });
}

/** Return the message of a field; the service's own message only in English and only if the limit is unknown here. */
export function fieldMessage(error: FieldError, language: LanguageCode): string {
  const t = (key: keyof (typeof fieldMessages)['en'], values = {}) => fill(fieldMessages[language][key], values);
  const limits: Record<string, unknown> = error.limits ?? {};
  const low = number(limits, ['ge', 'gt', 'minimum', 'min']);
  const high = number(limits, ['le', 'lt', 'maximum', 'max']);
  if (low !== undefined && high !== undefined) return t('between', { low, high });
  if (low !== undefined) return t('least', { low });
  if (high !== undefined) return t('most', { high });
  if (limits['meter'] !== undefined) return t('meter', { meter: String(limits['meter']) });
  if (limits['min_length'] !== undefined) return t('shortest', { n: Number(limits['min_length']) });
  if (limits['max_length'] !== undefined) return t('longest', { n: Number(limits['max_length']) });
  if (limits['pattern'] !== undefined) return t('pattern');
  if (limits['expected'] !== undefined) return t('choice', { choices: String(limits['expected']) });
  if (/required/i.test(error.message)) return t('required');
  return language === 'en' && error.message ? withFullStop(error.message) : t('other');
}

function statusFallback(status: number): string {
  if (status === 429) return 'too-many-requests';
  if (status === 503 || status === 502 || status === 504) return 'unavailable';
  if (status >= 500) return 'internal-error';
  return status >= 400 ? 'validation-error' : 'unexpected';
}

function waitingTime(seconds: number | null, language: LanguageCode): string {
  if (seconds === null) return fieldMessages[language].soon;
  if (seconds < 90) return fill(fieldMessages[language].seconds, { n: Math.ceil(seconds) });
  return fill(fieldMessages[language].minutes, { n: Math.ceil(seconds / 60) });
}

function number(limits: Record<string, unknown>, names: string[]): number | undefined {
  const name = names.find((candidate) => typeof limits[candidate] === 'number');
  return name === undefined ? undefined : (limits[name] as number);
}

function withFullStop(text: string): string {
  return /[.!?]$/.test(text) ? text : `${text}.`;
}
