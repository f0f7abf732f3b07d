/** The labels of the measures, in English and Spanish, in display order. */
const LABELS: Readonly<Record<string, readonly [string, string]>> = {
  notes: ['Notes', 'Notas'],
  duration_seconds: ['Seconds', 'Segundos'],
  scale_score: ['Notes in key', 'Notas en la tonalidad'],
  tone_span: ['Range in semitones', 'Rango en semitonos'],
  lowest_pitch: ['Lowest pitch', 'Altura más grave'],
  highest_pitch: ['Highest pitch', 'Altura más aguda'],
  mean_pitch: ['Mean pitch', 'Altura media'],
  unique_pitches: ['Distinct pitches', 'Alturas distintas'],
  polyphony: ['Simultaneous notes', 'Notas simultáneas'],
  notes_per_second: ['Notes per second', 'Notas por segundo'],
  notes_per_quarter: ['Notes per quarter', 'Notas por negra'],
  unique_durations: ['Distinct note lengths', 'Duraciones distintas'],
  mean_duration_quarters: ['Mean length in quarters', 'Duración media en negras'],
  velocity_span: ['Range of loudness', 'Ámbito de intensidad'],
  longest_run: ['Longest run of one pitch', 'Repetición más larga de una altura'],
  pitch_entropy: ['Variety of pitches in bits', 'Variedad de alturas en bits'],
  loop_period_bars: ['Length of the loop in bars', 'Compases del bucle'],
  loop_start_bar: ['First bar of the loop', 'Primer compás del bucle'],
  mean_note_length: ['Mean length in quarters', 'Duración media en negras'],
  unique_note_lengths: ['Distinct note lengths', 'Duraciones distintas'],
  rests: ['Share of rests', 'Proporción de silencios'],
  in_scale: ['Notes in key', 'Notas en la tonalidad'],
  steps_of_a_second_or_less: ['Steps of a second or less', 'Pasos de segunda o menos'],
  repeated_4_grams: ['Repeated figures of 4 notes', 'Figuras de 4 notas repetidas'],
  repeated_bars: ['Repeated bars', 'Compases repetidos'],
  chords_per_bar: ['Chords per bar', 'Acordes por compás'],
  melody_on_chord_tones: ['Melody on chord tones', 'Melodía en notas del acorde'],
  loss_per_note: ['Loss per note (nats)', 'Pérdida por nota (nats)'],
  loss_per_token: ['Loss per step (nats)', 'Pérdida por paso (nats)'],
};

export function measureLabel(name: string, language: 'en' | 'es'): string {
  const label = LABELS[name]?.[language === 'en' ? 0 : 1];
  if (label) return label;
  const repetition = /^repetitions?[._](\d)$/.exec(name);
  if (repetition) return `${language === 'en' ? 'Repeated phrases of' : 'Frases repetidas de'} ${repetition[1]}`;
  const plain = name.replaceAll('_', ' ');
  return plain.charAt(0).toUpperCase() + plain.slice(1);
}

/** Return the measures in display order, without the styles and without a loop of length zero. */
export function orderedMeasures(measures: Readonly<Record<string, number>>): [string, number][] {
  const names = Object.keys(LABELS);
  const rank = (name: string) => (names.includes(name) ? names.indexOf(name) : names.length);
  return Object.entries(measures)
    .filter(([name, value]) => !name.startsWith('style_') && !(name.startsWith('loop_') && value === 0))
    .sort(([a], [b]) => rank(a) - rank(b) || a.localeCompare(b));
}

/** Return the styles that the classifier rates highest, with their probabilities. */
export function topStyles(
  measures: Readonly<Record<string, number>>,
  count = 5,
): { name: string; probability: number }[] {
  return Object.entries(measures)
    .filter(([name, value]) => name.startsWith('style_') && value >= 0.01)
    .map(([name, probability]) => ({ name: name.slice('style_'.length), probability }))
    .sort((a, b) => b.probability - a.probability)
    .slice(0, count);
}
