import { texts } from '../core/text/texts';

/** Why a file was not imported, by the reasons of the API. */
export const importTexts = texts(
  {
    notImported: '{file} was not imported. {reason}',
    empty: 'The file is empty.',
    'not-midi': 'It is not a MIDI file.',
    truncated: 'The file is incomplete.',
    timing: 'Its timing cannot be read.',
    invalid: 'Its content is damaged.',
    'no-notes': 'It contains no notes.',
    'too-large': 'The file is too large.',
    'too-many-notes': 'It contains too many notes.',
    'too-many-tracks': 'It contains too many tracks.',
    'too-long': 'The piece is too long.',
  },
  {
    notImported: 'No se ha importado {file}. {reason}',
    empty: 'El archivo está vacío.',
    'not-midi': 'No es un archivo MIDI.',
    truncated: 'El archivo está incompleto.',
    timing: 'No se pueden leer sus tiempos.',
    invalid: 'Su contenido está dañado.',
    'no-notes': 'No contiene notas.',
    'too-large': 'El archivo es demasiado grande.',
    'too-many-notes': 'Contiene demasiadas notas.',
    'too-many-tracks': 'Contiene demasiadas pistas.',
    'too-long': 'La pieza es demasiado larga.',
  },
);

type ImportKey = keyof (typeof importTexts)['en'];

/** Return the reason of the API as a key; null if it is unknown here. */
export function importReason(reason: unknown): ImportKey | null {
  return typeof reason === 'string' && reason !== 'notImported' && reason in importTexts.en
    ? (reason as ImportKey)
    : null;
}
