/** The page of one job. */
export const jobpage: Record<string, string> = {
  "Earlier rows": "이전 행",
  "Later rows": "다음 행",
  Timeline: "타임라인",
  "Running, attempt {n}": "실행 중, {n}번째 시도",
  "{n} min": "{n}분",
  "{n} h": "{n}시간",
  "{n} d": "{n}일",
  "{low} to {high}": "{low}~{high}",
  "a few seconds left": "곧 끝남",
  "about {time} left": "약 {time} 남음",
  "at most {time} left": "{time} 안에 끝남",
  "{n}/s": "초당 {n}",
  "{n}/min": "분당 {n}",
  "{n}/h": "시간당 {n}",
  "usually {time}": "보통 {time}",
  "slower than usual: usually {time}": "평소보다 느림: 보통 {time}",
};
