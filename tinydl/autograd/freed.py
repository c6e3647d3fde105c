"""Freed: what stands where a node's saved values were, and what a second backward is told."""

from __future__ import annotations

from ..graph import Node, call_site, describe_site, reachable


class Freed:
    """The end of saved values: which backward freed them, and when (in ranks of nodes)."""

    __slots__ = ("rank", "site")

    def __init__(self) -> None:
        self.rank, self.site = next(Node._ranks), call_site()

    def restore(self, node: Node, outputs: list, grads: list) -> None:
        """RuntimeError: the values are gone. Says how the way back from outputs led here."""
        lines = [
            f"backward through {node.op.name} a second time: its graph was freed by an earlier "
            "backward.",
            f"  recorded at {describe_site(node.site)}",
            f"  freed at {describe_site(self.site)}",
        ]
        users = [user for user in reachable(outputs) if any(_leads(e, node) for e in user.edges)]
        last = max(users, key=lambda user: user.rank, default=None)
        if last is not None:
            value = next(g._array for g in grads if g is not None)
            lines.append(
                f"  its output {value} was used by {last.op.name} at {describe_site(last.site)}"
            )
        if last is None:
            lines.append(
                "If a value is carried from one step to the next (a hidden state, a running loss), "
                "cut it with .detach(); to go through one graph twice pass retain_graph=True "
                "the first time."
            )
        elif last.rank > self.rank:
            lines.append(
                "That value comes from an earlier step and still has that step's graph (a hidden "
                "state, a running loss): cut it with .detach() before it is used again."
            )
        else:
            lines.append(
                "Both ways back lead through that value: add up the losses and go back once, or "
                "pass retain_graph=True the first time."
            )
        raise RuntimeError("\n".join(lines))


def _leads(edge: object, node: Node) -> bool:
    return type(edge) is tuple and edge[0] is node
