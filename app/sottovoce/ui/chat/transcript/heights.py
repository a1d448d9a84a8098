"""Heights of many things in a column, and which of them lies where."""

from collections.abc import Iterable


class Heights:
    """A Fenwick tree of whole pixels: changing one and finding the one at a position cost log n."""

    def __init__(self, heights: Iterable[int] = ()) -> None:
        self._heights = list(heights)
        self._tree = [0, *self._heights]
        for i in range(1, len(self._tree)):
            above = i + (i & -i)
            if above < len(self._tree):
                self._tree[above] += self._tree[i]

    def __len__(self) -> int:
        return len(self._heights)

    def __getitem__(self, index: int) -> int:
        return self._heights[index]

    def __setitem__(self, index: int, height: int) -> None:
        change = height - self._heights[index]
        if change == 0:
            return
        self._heights[index] = height
        i = index + 1
        while i < len(self._tree):
            self._tree[i] += change
            i += i & -i

    def append(self, height: int) -> None:
        i = len(self._tree)
        covered = self.before(i - 1) - self.before(i - (i & -i)) + height
        self._heights.append(height)
        self._tree.append(covered)

    def truncate(self, length: int) -> None:
        """Forget everything from `length` on."""
        del self._heights[length:]
        del self._tree[length + 1 :]

    def before(self, index: int) -> int:
        """The sum of all heights above this one."""
        total = 0
        while index:
            total += self._tree[index]
            index -= index & -index
        return total

    @property
    def total(self) -> int:
        return self.before(len(self._heights))

    def at(self, y: int) -> int:
        """The index of the one that covers `y`; the first or last if `y` is outside."""
        index, step = 0, 1 << len(self._heights).bit_length()
        while step:
            beyond = index + step
            if beyond <= len(self._heights) and self._tree[beyond] <= y:
                index, y = beyond, y - self._tree[beyond]
            step >>= 1
        return max(0, min(index, len(self._heights) - 1))
