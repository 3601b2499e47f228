// A generator made of raw fibers: a walk over a tree that gives one value after another, as deep as the tree is.
#include <weft/weft.hpp>

#include <cstdio>
#include <functional>
#include <memory>
#include <utility>

template <class T>
class Generator {
public:
    using Give = std::function<void(T)>;

    explicit Generator(std::function<void(const Give&)> body)
        : fiber_([body = std::move(body)](void*) -> void* {
              body([](T value) { weft::RawFiber::switch_to_parent(&value); });
              return nullptr;
          }) {}

    // The next value, which lives until the one after it; null at the end.
    const T* next() {
        fiber_.set_parent(weft::RawFiber::current());
        return static_cast<const T*>(fiber_.switch_to());
    }

private:
    weft::RawFiber fiber_;  // ends the body, wherever it is, when the generator ends
};

struct Node {
    int value;
    std::unique_ptr<Node> left{};
    std::unique_ptr<Node> right{};
};

Generator<int> walk(const Node* node) {
    return Generator<int>([node](const Generator<int>::Give& give) {
        if (node == nullptr) return;
        Generator<int> left = walk(node->left.get());
        while (const int* value = left.next()) give(*value);
        give(node->value);
        Generator<int> right = walk(node->right.get());
        while (const int* value = right.next()) give(*value);
    });
}

int main() {
    Node root{4};
    root.left = std::make_unique<Node>(Node{2});
    root.left->left = std::make_unique<Node>(Node{1});
    root.left->right = std::make_unique<Node>(Node{3});
    root.right = std::make_unique<Node>(Node{5});

    Generator<int> all = walk(&root);
    while (const int* value = all.next()) {
        std::printf("%d\n", *value);
        if (*value == 4) break;  // nobody wants the rest
    }
}
// expect: 1
// expect: 2
// expect: 3
// expect: 4
