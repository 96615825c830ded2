#include "lazynet/data/gene_embedding.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "lazynet/data/gene_graph.hpp"

namespace lazynet {
namespace {

using Names = std::vector<std::string>;

GeneEmbedding embedding(const std::string& source, const Names& names, const Matrix& values) {
    return sorted_embedding(source, names, values);
}

TEST(GeneEmbedding, IsSortedByName) {
    const GeneEmbedding e = embedding("s", {"C", "A", "B"}, Matrix{{3.0f}, {1.0f}, {2.0f}});
    EXPECT_EQ(e.names, (Names{"A", "B", "C"}));
    EXPECT_EQ(e.values, (Matrix{{1.0f}, {2.0f}, {3.0f}}));
}

TEST(GeneEmbedding, FindsGenesExactlyThenWithoutCase) {
    const GeneEmbedding e = embedding("s", {"Tp53", "Ab", "AB", "Zero"}, Matrix{{1.0f}, {2.0f}, {3.0f}, {0.0f}});
    const Names genes = {"TP53", "Ab", "ab", "ZERO", "none"};
    EXPECT_EQ(embedding_of(e, genes), (Matrix{{1.0f}, {2.0f}, {0.0f}, {0.0f}, {0.0f}}));
    EXPECT_EQ(embedding_rows(e, genes)[2], -1);  // AB or Ab?
    EXPECT_EQ(embedding_rows(e, genes)[3], -1);  // known by name only
}

TEST(GeneEmbedding, JoinsSourcesSideBySide) {
    const std::vector<GeneEmbedding> sources = {
        embedding("one", {"A", "B", "X"}, Matrix{{3.0f, 4.0f, 9.0f}, {0.0f, 5.0f, 9.0f}, {100.0f, 0.0f, 9.0f}}),
        embedding("two", {"b", "C"}, Matrix{{2.0f}, {7.0f}})};
    const Names perturbed = {"A", "B", "nowhere"};
    const GeneEmbedding all = join_embeddings(sources, perturbed, 2);
    EXPECT_EQ(all.source, "one, two");
    EXPECT_EQ(all.names, (Names{"A", "B", "C", "X"}));
    const Matrix expected{{0.6f, 0.8f, 0.0f}, {0.0f, 1.0f, 1.0f}, {0.0f, 0.0f, 3.5f}, {20.0f, 0.0f, 0.0f}};
    EXPECT_TRUE(all.values.isApprox(expected, 1e-6f)) << all.values;
}

TEST(GeneEmbedding, ScalesOverAllGenesWhereNoPerturbedOneIsKnown) {
    const std::vector<GeneEmbedding> sources = {embedding("one", {"A", "B"}, Matrix{{2.0f}, {2.0f}})};
    EXPECT_EQ(join_embeddings(sources, Names{"Q"}, 0).values, (Matrix{{1.0f}, {1.0f}}));
    const std::vector<GeneEmbedding> zero = {embedding("one", {"A"}, Matrix{{0.0f}})};
    EXPECT_EQ(join_embeddings(zero, Names{"A"}, 0).values, (Matrix{{0.0f}}));
    EXPECT_EQ(join_embeddings({}, Names{"A"}, 0).values.size(), 0);
}

TEST(GeneEmbedding, KeepsNamesApartThatDifferInCaseOnlyWithinASource) {
    const std::vector<GeneEmbedding> sources = {embedding("one", {"Ab", "AB"}, Matrix{{1.0f}, {2.0f}})};
    const GeneEmbedding all = join_embeddings(sources, Names{"ab"}, 0);
    EXPECT_EQ(all.names, (Names{"AB", "Ab"}));
}

TEST(GeneEmbedding, SaysWhatItKnows) {
    const GeneEmbedding e = embedding("graph g.csv", {"A", "B", "C"}, Matrix{{1.0f}, {0.0f}, {1.0f}});
    const EmbeddingCoverage c = coverage(e, Names{"A", "B", "D", "E"}, Names{"a", "B", "C", "M"});
    EXPECT_EQ(c.absent, (Names{"B", "D", "E"}));
    EXPECT_EQ(report(c, 2),
              "graph g.csv: 1 dimensions, knows 1 of 4 perturbed genes and 2 of 4 measured ones; not B, D and 1 more");
    EXPECT_EQ(report(c, 3),
              "graph g.csv: 1 dimensions, knows 1 of 4 perturbed genes and 2 of 4 measured ones; not B, D, E");
}

TEST(GraphEmbedding, HasTheGraphsGenesWhateverTheOrderOfItsEdges) {
    EdgeList graph;
    graph.names = {"C", "A", "B", "Z", "Y"};
    graph.edges = {{0, 1, 1.0f}, {1, 2, -0.5f}, {2, 0, 2.0f}, {3, 3, 1.0f}};
    const GraphEmbedding e = graph_embedding(graph, {}, "graph");
    EXPECT_EQ(e.embedding.names, (Names{"A", "B", "C", "Y", "Z"}));
    EXPECT_EQ(e.isolated, (Names{"Y", "Z"}));
    EXPECT_EQ(e.components, 1);
    EdgeList other;
    other.names = {"Y", "Z", "A", "B", "C"};
    other.edges = {{4, 3, 2.0f}, {3, 2, 0.5f}, {2, 4, 1.0f}};
    EXPECT_EQ(graph_embedding(other, {}, "graph").embedding.values, e.embedding.values);
}

}  // namespace
}  // namespace lazynet
