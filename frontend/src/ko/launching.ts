// Korean of the catalogue, the launch form and shared links.
export const launching: Record<string, string> = {
  "{n} tasks found": "태스크 {n}개를 찾았습니다",
  "It is among your favourites.": "즐겨찾기에 추가했습니다.",
  "It is no longer among your favourites.": "즐겨찾기에서 뺐습니다.",
  "Your favourites could not be changed. Try again.": "즐겨찾기를 바꾸지 못했습니다. 다시 시도하세요.",
  "This link is over: its time has run out, or it was revoked.":
    "이 링크는 끝났습니다. 기한이 지났거나 취소되었습니다.",
  "Link is over": "끝난 링크",
  Copy: "복사",
  "Launching…": "실행하는 중…",
  "Only one file fits here.": "여기에는 파일 하나만 넣을 수 있습니다.",
  "The first rows of {name}": "{name}의 처음 몇 행",
  "{n} rows of the first {seen} of {size}": "{size} 중 처음 {seen}에서 {n}행",
  "{n} of {all} columns": "열 {all}개 중 {n}개",
};
