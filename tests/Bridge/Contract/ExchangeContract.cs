using System.Text;
using ProtoBridgeMQ.Bridge;
using ProtoBridgeMQ.Bridge.Messages;
using ProtoBridgeMQ.Bridge.Requests;
using ProtoBridgeMQ.Bridge.Streams;
using ProtoBridgeMQ.Bridge.Transactions;
using ProtoBridgeMQ.Tests.Support;

namespace ProtoBridgeMQ.Tests.Bridge.Contract;

/// <summary>Transactions and request-reply, of every bridge that has them.</summary>
public abstract class ExchangeContract<TFixture> : BridgeTest<TFixture>
    where TFixture : BridgeFixture, new()
{
    private ITransactions Transactions => Bridge.Transactions ?? throw new InvalidOperationException("The bridge has no transactions.");

    private IRequests Requests => Bridge.Requests ?? throw new InvalidOperationException("The bridge has no requests.");

    [Fact]
    public async Task What_is_committed_is_seen_and_what_is_rolled_back_is_not()
    {
        string topic = Fixture.Name("tx-ends");
        BegunTransaction kept = await BeginAsync(topic, "kept");
        BegunTransaction dropped = await BeginAsync(topic, "dropped");
        await Transactions.EndAsync(dropped.Id, isCommitted: false).Within("rollback");
        await Transactions.EndAsync(kept.Id, isCommitted: true).Within("commit");
        await PublishAsync(topic, "marker");

        await using IMessageStream stream = await JoinAsync(Fixture.Name("g-tx-ends"), topic);
        Assert.Equal(["kept", "marker"], Texts(await ConsumeAsync(stream, 2)));
    }

    [Fact]
    public async Task The_same_end_again_is_no_error_and_another_one_is_refused()
    {
        BegunTransaction begun = await BeginAsync(Fixture.Name("tx-again"), "once");
        await Transactions.EndAsync(begun.Id, isCommitted: true).Within("commit");

        await Transactions.EndAsync(begun.Id, isCommitted: true).Within("the same again");
        await RefusedAsync(BridgeError.DeliveryUnknown, () => Transactions.EndAsync(begun.Id, isCommitted: false).AsTask());
    }

    [Fact]
    public async Task What_is_left_open_is_asked_about_also_after_a_restart_and_ended_by_the_question()
    {
        string topic = Fixture.Name("tx-asked");
        string group = Fixture.Name("p-asked");
        BegunTransaction begun = await BeginAsync(topic, "open", group);
        await Fixture.RestartAsync();

        var asked = new TaskCompletionSource<TransactionCheck>(TaskCreationOptions.RunContinuationsAsynchronously);
        using (Transactions.Join(group, check => asked.TrySetResult(check)))
        {
            TransactionCheck check = await asked.Task.Within("the question about it");
            Assert.Equal((begun.Key, topic, "open"), (check.Key, check.Message.Topic, Encoding.UTF8.GetString(check.Message.Body.Span)));
            Assert.Equal("red", check.Message.Properties.GetString(PropertyNames.Tags));
            await Transactions.EndAsync(check.Id, isCommitted: true).Within("commit");
        }

        await using IMessageStream stream = await JoinAsync(Fixture.Name("g-tx-asked"), topic);
        Assert.Equal("open", (await ReceiveOneAsync(stream)).Text);
    }

    [Fact]
    public async Task A_transaction_is_ended_only_by_its_id()
    {
        BegunTransaction begun = await BeginAsync(Fixture.Name("tx-ids"), "mine");

        await RefusedAsync(BridgeError.InvalidArgument, () => Transactions.EndAsync("nonsense", isCommitted: true).AsTask());
        await RefusedAsync(BridgeError.InvalidArgument, () => Transactions.EndAsync("a.b.c.d.e.f", isCommitted: true).AsTask());
        await RefusedAsync(
            BridgeError.DeliveryUnknown, () => Transactions.EndAsync("0123" + begun.Id[begun.Id.IndexOf('.', StringComparison.Ordinal)..], isCommitted: true).AsTask());
        await Transactions.EndAsync(begun.Id, isCommitted: false).Within("rollback");
    }

    [Fact]
    public async Task A_group_can_be_joined_again_after_it_was_left()
    {
        string group = Fixture.Name("p-again");
        Transactions.Join(group, static _ => { }).Dispose();
        Transactions.Join(group, static _ => { }).Dispose();

        var asked = new TaskCompletionSource<TransactionCheck>(TaskCreationOptions.RunContinuationsAsynchronously);
        using IDisposable joined = Transactions.Join(group, check => asked.TrySetResult(check));
        BegunTransaction begun = await BeginAsync(Fixture.Name("tx-joined"), "open", group);
        Assert.Equal(begun.Key, (await asked.Task.Within("the question about it")).Key);
        await Transactions.EndAsync(begun.Id, isCommitted: false).Within("rollback");
    }

    [Fact]
    public async Task A_request_gets_the_reply_of_who_received_it()
    {
        string topic = Fixture.Name("requests");
        await PublishAsync(topic, "makes the topic");
        await using IMessageStream stream = await JoinAsync(Fixture.Name("g-requests"), topic);
        await ConsumeAsync(stream, 1);

        Task<Reply> asked = Requests.RequestAsync(new PublishMessage(topic, "time?"u8.ToArray(), Tagged("clock")), TimeSpan.FromSeconds(30)).AsTask();
        ReplyAddress address = await AddressAsync(stream, "time?");
        await Requests.ReplyAsync(address, "noon"u8.ToArray()).Within("reply");

        Reply reply = await asked.Within("the reply");
        Assert.Equal("noon", Encoding.UTF8.GetString(reply.Body.Span));
    }

    [Fact]
    public async Task A_request_without_a_reply_ends_with_its_time_and_is_stored()
    {
        string topic = Fixture.Name("unheard");
        await PublishAsync(topic, "makes the topic");
        await using IMessageStream stream = await JoinAsync(Fixture.Name("g-unheard"), topic);
        await ConsumeAsync(stream, 1);

        Task<Reply> asked = Requests.RequestAsync(new PublishMessage(topic, "anyone?"u8.ToArray(), default), TimeSpan.FromSeconds(1)).AsTask();
        await AddressAsync(stream, "anyone?");
        await Fixture.LetPassAsync(TimeSpan.FromSeconds(2));

        BridgeException late = await Assert.ThrowsAsync<BridgeException>(() => asked.Within("the end of the wait"));
        Assert.Equal((BridgeError.Timeout, true), (late.Error, late.MayHaveHappened));
    }

    [Fact]
    public async Task A_reply_to_nobody_is_refused()
        => await RefusedAsync(
            BridgeError.DeliveryUnknown, () => Requests.ReplyAsync(new ReplyAddress("10.0.0.1@nobody", "1", "DefaultCluster", "1000"), "x"u8.ToArray()).AsTask());

    private static async Task<ReplyAddress> AddressAsync(IMessageStream stream, string text)
    {
        using var batch = new MessageBatch();
        await stream.ReceiveAsync(batch, 1, Forever).Within("the request arrived");
        Assert.Equal(text, Encoding.UTF8.GetString(batch[0].Body.Span));
        await stream.SettleAsync(batch[0].Delivery, Settlement.Accept);
        return ReplyAddress.Of(batch[0].Properties) ?? throw new InvalidOperationException("The request asks for no reply.");
    }

    private Task<BegunTransaction> BeginAsync(string topic, string text, string? group = null)
        => Transactions.BeginAsync(new PublishMessage(topic, Encoding.UTF8.GetBytes(text), Tagged("red")), group ?? Fixture.Name("p-tx"), null).Within($"begin of {text}");
}
