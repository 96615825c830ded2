#pragma once

#include <memory>
#include <string>
#include <vector>

#include "lazynet/core/random.hpp"
#include "lazynet/core/types.hpp"
#include "lazynet/kernels/adam.hpp"
#include "lazynet/kernels/layer.hpp"

namespace lazynet {

/// Parameters that are never pruned: biases, gene multipliers.
struct ParameterVector {
    std::vector<float> values, gradient, first, second;
    float rate_factor = 1.0f;  ///< of the learning rate
    bool penalised = false;    ///< whether an L2 penalty touches it

    explicit ParameterVector(Index size = 0, float factor = 1.0f);
    [[nodiscard]] Eigen::Map<const Vector> vector() const { return {values.data(), static_cast<Index>(values.size())}; }
    [[nodiscard]] Eigen::Map<Vector> slope() { return {gradient.data(), static_cast<Index>(gradient.size())}; }
    void step(const AdamStep& adam, float l2);
    /// All that decides the steps to come. @pre between two steps: there is no gradient
    void save(Packer& packer) const;
    /// Becomes what was saved. @throws InternalError if that has another length
    void load(Unpacker& unpacker);
};

/// What an evaluation leaves behind for its backward pass; reused, so nothing is allocated after the first.
struct Tape {
    std::vector<Matrix> kept;
};

/// mean J = outer * inner + diag(diagonal): rows are targets, columns regulators.
struct JacobianFactors {
    Matrix outer;     ///< (genes, hidden)
    Matrix inner;     ///< (hidden, genes)
    Vector diagonal;  ///< (genes)
    /// Rows `targets` of the mean Jacobian.
    [[nodiscard]] Matrix rows(Range targets) const;
};

/// Where a prunable layer stands.
struct LayerRole {
    enum class Place { inner, middle, outer } place = Place::inner;  ///< genes to units, units to units, units to genes
    bool exponential = false;                                        ///< its units are products: exp of what comes in
    Index inner = 0;        ///< outer: the number of the layer that feeds its units
    Index first_unit = -1;  ///< inner: its first unit's row in JacobianFactors::inner; -1 when paths are longer
};

/// Hidden units of a model: every block of target genes has its own. One block is the published form.
struct DynamicsShape {
    Index genes = 0;
    Index blocks = 1;
    Index hidden = 40;  ///< units of each kind per block
    Index depth = 1;    ///< of the dense-log-dense-exp LazyNet
    [[nodiscard]] Index units() const { return blocks * hidden; }
    [[nodiscard]] Range genes_of(Index block) const { return block_of(genes, blocks, block); }
    [[nodiscard]] Index block_of_unit(Index unit) const { return unit / hidden; }
    [[nodiscard]] Index block_of_gene(Index gene) const { return part_of(genes, blocks, gene); }
};

/// The right-hand side f of dy/dt = f(y), with its exact backward pass and closed-form mean Jacobian.
///
/// States are genes x lanes. The model is layers of weights that can be pruned, vectors that cannot, and elementwise
/// functions between them.
class Dynamics {
public:
    explicit Dynamics(const DynamicsShape& shape) : shape_(shape) {}
    virtual ~Dynamics() = default;

    [[nodiscard]] const DynamicsShape& shape() const { return shape_; }
    [[nodiscard]] Index genes() const { return shape_.genes; }
    [[nodiscard]] virtual std::unique_ptr<Dynamics> clone() const = 0;

    /// f (genes, R) = f(y (genes, R)).
    virtual void derivative(ConstMatrixView y, MatrixView f, Tape& tape) const = 0;
    /// dy (genes, R) += (df/dy)' df, and the same for all parameters into their gradients. `y` and `tape` as
    /// derivative() saw and left them.
    virtual void backward(ConstMatrixView y, const Tape& tape, ConstMatrixView df, MatrixView dy) = 0;

    /// Factors of the mean Jacobian df/dy over `states` (genes, S).
    [[nodiscard]] virtual JacobianFactors mean_jacobian(ConstMatrixView states) const = 0;
    /// Paths from gene to gene through the weights alone, diagonal 0: for PHOENIX the published effect matrix, target
    /// by regulator (dash.md A6). Zero where no path is left.
    [[nodiscard]] virtual JacobianFactors effects() const = 0;

    /// Prunable layers: gene to hidden ones first, in the order of the published pruning where there is one.
    [[nodiscard]] virtual std::vector<Layer*> layers() = 0;
    [[nodiscard]] virtual std::vector<ParameterVector*> vectors() = 0;
    /// One per layer.
    [[nodiscard]] virtual std::vector<LayerRole> roles() const = 0;
    [[nodiscard]] std::vector<const Layer*> layers() const;
    [[nodiscard]] std::vector<const ParameterVector*> vectors() const;

    /// Weights with their masks and Adam's moments, as they are between two steps.
    void save(Packer& packer) const;
    /// Becomes what was saved of a model of the same kind and shape. @throws InternalError if it is another
    void load(Unpacker& unpacker);

    /// Multipliers of the genes: rows of the last layers count as pruned where one is 0. All ones without.
    [[nodiscard]] virtual Vector gene_multipliers() const { return Vector::Ones(genes()); }

protected:
    /// Entries (unit, gene) of a hidden-to-gene layer: those of one block.
    [[nodiscard]] std::vector<bool> same_block() const;
    /// Of the layers products in, sums in, sums out, products out.
    [[nodiscard]] std::vector<LayerRole> sums_and_products() const;

private:
    DynamicsShape shape_;
};

/// Sets every column of `z` to `bias`.
void fill_columns(const ParameterVector& bias, MatrixView z);
/// slope += row sums of dz.
void add_row_sums(ConstMatrixView dz, ParameterVector& bias);

/// dy/dt = relu(v) (Cs (Ws s + bs) + Cp exp(Wp log1p(s) + bp) - y), s = (y - 1/2) / (1 + |y - 1/2|).
///
/// Hossain and others, Genome Biology 25:127 (2024); dash.md A1. Layers in pruning order: Wp, Ws, Cs, Cp; Ws and Wp are
/// genes x units here, Cs and Cp units x genes.
class Phoenix final : public Dynamics {
public:
    /// Initial values as published for one block (dash.md A1); units of further blocks likewise.
    Phoenix(const DynamicsShape& shape, const Random& random);
    [[nodiscard]] std::unique_ptr<Dynamics> clone() const override { return std::make_unique<Phoenix>(*this); }
    void derivative(ConstMatrixView y, MatrixView f, Tape& tape) const override;
    void backward(ConstMatrixView y, const Tape& tape, ConstMatrixView df, MatrixView dy) override;
    [[nodiscard]] JacobianFactors mean_jacobian(ConstMatrixView states) const override;
    [[nodiscard]] JacobianFactors effects() const override;
    [[nodiscard]] std::vector<Layer*> layers() override { return {&wp_, &ws_, &cs_, &cp_}; }
    [[nodiscard]] std::vector<ParameterVector*> vectors() override { return {&bp_, &bs_, &v_}; }
    [[nodiscard]] std::vector<LayerRole> roles() const override { return sums_and_products(); }
    [[nodiscard]] Vector gene_multipliers() const override { return v_.vector().cwiseMax(0.0f); }

    /// Starts from a sparse linear model of the rates: -decay y + effects s(y) + constant, row = target. Only for one
    /// block per gene. The first sum unit of a gene takes its row; inputs to its units are possible where `allowed`
    /// (genes x genes, target by regulator) is not 0, all others are pruned for good. Genes that do not move (`moves`)
    /// start as inputs of the system, without effects on them.
    void start_from(const Matrix& effects, const Vector& decay, const Vector& constant, const std::vector<bool>& moves,
                    const Matrix& allowed, const Random& random);

    /// joint (genes, R) = Cs sums + Cp products at y: what the prior loss looks at (dash.md A2).
    void joint(ConstMatrixView y, MatrixView out, Tape& tape) const;
    /// Gradients of the parameters for a given d joint.
    void joint_backward(const Tape& tape, ConstMatrixView djoint, MatrixView ds, MatrixView dl);

private:
    void start_outer(const Vector& decay, const Vector& constant, const std::vector<bool>& moves, const Random& random);
    Layer ws_, wp_, cs_, cp_;
    ParameterVector bs_, bp_, v_;
    Matrix ds_, dl_, dunits_, djoint_;
};

/// dy/dt = W2 elu(W1 y + b1) + b2: the plain network of the DASH paper's Table 10.
class Mlp final : public Dynamics {
public:
    Mlp(const DynamicsShape& shape, const Random& random);
    [[nodiscard]] std::unique_ptr<Dynamics> clone() const override { return std::make_unique<Mlp>(*this); }
    void derivative(ConstMatrixView y, MatrixView f, Tape& tape) const override;
    void backward(ConstMatrixView y, const Tape& tape, ConstMatrixView df, MatrixView dy) override;
    [[nodiscard]] JacobianFactors mean_jacobian(ConstMatrixView states) const override;
    [[nodiscard]] JacobianFactors effects() const override;
    [[nodiscard]] std::vector<Layer*> layers() override { return {&w1_, &w2_}; }
    [[nodiscard]] std::vector<ParameterVector*> vectors() override { return {&b1_, &b2_}; }
    [[nodiscard]] std::vector<LayerRole> roles() const override {
        return {{LayerRole::Place::inner, false, 0, 0}, {LayerRole::Place::outer, false, 0, -1}};
    }

private:
    Layer w1_, w2_;
    ParameterVector b1_, b2_;
    Matrix dunits_;
};

/// dy/dt = Cs (As y + as) + Cp expm1(min(Ap y + ap, u_max)) + c: the LazyNet block of screens as a rate.
class LazyNetDynamics final : public Dynamics {
public:
    static constexpr float kLargestExponent = 1.5f;
    LazyNetDynamics(const DynamicsShape& shape, const Random& random);
    [[nodiscard]] std::unique_ptr<Dynamics> clone() const override { return std::make_unique<LazyNetDynamics>(*this); }
    void derivative(ConstMatrixView y, MatrixView f, Tape& tape) const override;
    void backward(ConstMatrixView y, const Tape& tape, ConstMatrixView df, MatrixView dy) override;
    [[nodiscard]] JacobianFactors mean_jacobian(ConstMatrixView states) const override;
    [[nodiscard]] JacobianFactors effects() const override;
    [[nodiscard]] std::vector<Layer*> layers() override { return {&ap_, &as_, &cs_, &cp_}; }
    [[nodiscard]] std::vector<ParameterVector*> vectors() override { return {&bp_, &bs_, &c_}; }
    [[nodiscard]] std::vector<LayerRole> roles() const override { return sums_and_products(); }

private:
    Layer as_, ap_, cs_, cp_;
    ParameterVector bs_, bp_, c_;
    Matrix dunits_;
};

/// The original LazyNet: D times s = W x + b, u = V log(max(s, eps)) + v, x = exp(min(u, u_max)); then dy/dt = L x + l.
///
/// With one explicit Euler step of length 1 it is y + L x + l (design 3.2). Hidden width: `hidden` units per block; all
/// blocks are mixed, so only one block is allowed.
class DenseLazyNet final : public Dynamics {
public:
    static constexpr float kSmallest = 1e-6f;
    /// Keeps exp finite in float32; the published HIV weights use exponents up to 32.
    static constexpr float kLargestExponent = 80.0f;
    DenseLazyNet(const DynamicsShape& shape, const Random& random);
    [[nodiscard]] std::unique_ptr<Dynamics> clone() const override { return std::make_unique<DenseLazyNet>(*this); }
    void derivative(ConstMatrixView y, MatrixView f, Tape& tape) const override;
    void backward(ConstMatrixView y, const Tape& tape, ConstMatrixView df, MatrixView dy) override;
    [[nodiscard]] JacobianFactors mean_jacobian(ConstMatrixView states) const override;
    [[nodiscard]] JacobianFactors effects() const override;
    /// W_0, V_0, W_1, V_1, ..., L.
    [[nodiscard]] std::vector<Layer*> layers() override;
    [[nodiscard]] std::vector<ParameterVector*> vectors() override;
    [[nodiscard]] std::vector<LayerRole> roles() const override;

private:
    struct Stage {
        Layer w, v;
        ParameterVector wb, vb;
    };
    std::vector<Stage> stages_;
    Layer last_;
    ParameterVector last_bias_;
    Matrix dx_, ds_, du_;
};

}  // namespace lazynet
