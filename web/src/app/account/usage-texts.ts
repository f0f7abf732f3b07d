import { texts } from '../core/text/texts';

export const usageTexts = texts(
  {
    usage: 'Usage and limits',
    used: '{used} of {limit}',
    pieces: 'Pieces composed today',
    piecesNote: 'The limit resets on {time}.',
    songs: 'Pieces in your library',
    songsNote: 'Pieces in the trash count.',
    storage: 'Storage',
    storageNote: 'Delete pieces permanently to free space.',
    audio: 'New audio in the last hour',
    audioNote: 'At most {n} audio files are rendered at once. Audio that was rendered before does not count.',
  },
  {
    usage: 'Uso y límites',
    used: '{used} de {limit}',
    pieces: 'Piezas compuestas hoy',
    piecesNote: 'El límite se restablece el {time}.',
    songs: 'Piezas en tu biblioteca',
    songsNote: 'Las piezas de la papelera cuentan.',
    storage: 'Almacenamiento',
    storageNote: 'Borra piezas definitivamente para liberar espacio.',
    audio: 'Audio nuevo en la última hora',
    audioNote: 'Se generan como mucho {n} archivos de audio a la vez. El audio ya generado no cuenta.',
  },
);
