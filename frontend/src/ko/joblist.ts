/** The search box and the list of jobs. */
export const joblist = {
  Suggestions: "추천 검색어",
  "{n} selected": "{n}개 선택됨",
  "1 new job": "새 작업 1개",
  "{n} new jobs": "새 작업 {n}개",
  "There are new jobs.": "새 작업이 있습니다.",
  "Searched as far as {time}.": "{time}까지 검색했습니다.",
  "Select {task}": "{task} 선택",
};
