#include "lazynet/io/embedding_file.hpp"

#include <zlib.h>

#include <string>
#include <vector>

#include "lazynet/io/gene_graph.hpp"
#include "message_of.hpp"
#include "temporary_folder.hpp"

namespace lazynet::io {
namespace {

using Names = std::vector<std::string>;

class EmbeddingFile : public TemporaryFolder {
protected:
    GeneEmbedding read(const std::string& text) {
        std::ofstream(path("e.txt")) << text;
        return read_gene_embedding(path("e.txt"));
    }
    std::string refusal(const std::string& text) {
        return message_of([&] { read(text); });
    }
    std::string graph_refusal(const std::string& text) {
        std::ofstream(path("g.csv")) << text;
        return message_of([&] { read_gene_graph(path("g.csv")); });
    }
};

TEST_F(EmbeddingFile, ReadsTextWithAndWithoutHeader) {
    const Matrix expected{{1.0f, -2.5f}, {3.0f, 0.001f}};
    for (const char* text : {"B,3,1e-3\nA,1,-2.5\n", "gene,v1,v2\r\nA,1,-2.5\r\nB,3,1e-3\r\n", "A\t1\t-2.5\nB\t3\t1e-3",
                             "\"\",\"d1\",\"d2\"\n\"A\",1,-2.5\n\"B\",3,1e-3\n", "d1 d2\nA 1  -2.5\n\nB 3 1e-3\n",
                             "2 2\nA 1 -2.5\nB 3 1e-3\n", "# made up\nA,1,-2.5\nB,3,0.001\n"}) {
        const GeneEmbedding e = read(text);
        EXPECT_EQ(e.names, (Names{"A", "B"})) << text;
        EXPECT_EQ(e.values, expected) << text;
        EXPECT_EQ(e.source, "file e.txt");
    }
}

TEST_F(EmbeddingFile, TakesNumbersAsNames) {
    const GeneEmbedding e = read("7157,1,2\n672,3,4\n");
    EXPECT_EQ(e.names, (Names{"672", "7157"}));
    EXPECT_EQ(read("7157 5\n672 6\n").values, (Matrix{{6.0f}, {5.0f}}));
}

TEST_F(EmbeddingFile, ReadsGzip) {
    gzFile file = gzopen(path("e.csv.gz").c_str(), "wb");
    gzputs(file, "gene,v1\nA,2\n");
    gzclose(file);
    EXPECT_EQ(read_gene_embedding(path("e.csv.gz")).values, (Matrix{{2.0f}}));
}

TEST_F(EmbeddingFile, SaysWhatIsWrong) {
    const auto expect = [&](const std::string& text, const std::string& reason) {
        EXPECT_NE(refusal(text).find("e.txt: " + reason), std::string::npos) << refusal(text);
    };
    expect("", "empty file; expected one gene per line");
    expect("gene,v1\n", "no gene vectors in it");
    expect("A\nB\n", "line 1: 0 values, expected 1");
    expect("A,1,2\nB,3\n", "line 2: 1 values, expected 2: all genes have as many");
    expect("gene,v1\nA,1\nB,3\nA,2\n", "line 4: gene 'A' again (first in line 2)");
    expect("A,1,2\nB,3,x\n", "line 2: gene 'B': 'x' in column 3 is not a number");
    expect("A,1,2\nB,3,inf\n", "line 2, column 3, gene 'B': inf is not a finite number");
    expect("A,1,2\nB,,4\n", "line 2, column 2, gene 'B': nan is not a finite number");
    expect("A,1,2\nB,1e300,4\n", "line 2, column 2, gene 'B': 1e+300 is not a finite number");
    expect("A,1\n,2\n", "line 2: a gene without a name");
    expect("3 2\nA 1 2\nB 3 4\n", "the first line promises 3 genes, but there are 2");
    EXPECT_NE(message_of([&] { read_gene_embedding(path("absent.csv")); }).find("absent.csv: no such file"),
              std::string::npos);
}

TEST_F(EmbeddingFile, ReadsGeneGraphs) {
    std::ofstream(path("g.csv")) << "source,target,importance\nA,A,1.0\nB,A,0.25\nC,A,0\n";
    const EdgeList graph = read_gene_graph(path("g.csv"));
    EXPECT_EQ(graph.names, (Names{"A", "B", "C"}));
    ASSERT_EQ(graph.edges.size(), 2U);
    EXPECT_EQ(graph.edges[1], (EdgeList::Edge{1, 0, 0.25f}));
    EXPECT_NE(graph_refusal("source,target,importance\nA,A,1.0\nB,A,0\n").find("no edge between two different genes"),
              std::string::npos);
    EXPECT_NE(graph_refusal("source,target,importance\nA,B,inf\n").find("the edge A - B has the weight inf"),
              std::string::npos);
}

}  // namespace
}  // namespace lazynet::io
