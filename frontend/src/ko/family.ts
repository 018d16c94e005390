export const family: Record<string, string> = {
  "All {n} children, in their order": "하위 작업 {n}개 전체, 순서대로",
  "Arrow keys lead from one to the next, Enter opens its page.":
    "화살표 키로 이동하고 Enter로 해당 페이지를 엽니다.",
  "child {number}": "하위 작업 {number}",
  "The first {n} are shown.": "처음 {n}개만 표시됩니다.",
};
