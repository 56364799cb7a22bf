using System.Buffers;
using System.Text;
using ProtoBridgeMQ.Remoting;
using ProtoBridgeMQ.Remoting.Frames;
using ProtoBridgeMQ.Remoting.Headers;
using ProtoBridgeMQ.Remoting.Protocol;
using ProtoBridgeMQ.Remoting.Transport;
using ProtoBridgeMQ.Tests.Support;

namespace ProtoBridgeMQ.Tests.Protocol.Remoting;

public sealed class ConnectionTests
{
    [Fact]
    public async Task All_frames_of_one_read_are_answered_in_order_with_one_flush()
    {
        var harness = new ConnectionHarness(new RequestRoutes().Add(1, new EchoHandler()));
        await harness.SendAsync([.. Enumerable.Range(1, 50).Select(opaque => ConnectionHarness.Frame(1, opaque, $"body {opaque}"))]);
        harness.Start();
        for (var opaque = 1; opaque <= 50; opaque++)
        {
            var answer = await harness.ReceiveAsync();
            Assert.Equal((opaque, $"body {opaque}"), (answer.Header.Opaque, answer.Text));
            Assert.True(answer.Header.IsResponse);
        }
        Assert.Equal(1, harness.Pipes.ServerOutput.Flushes);
    }

    [Fact]
    public async Task A_frame_that_arrives_byte_by_byte_is_answered()
    {
        var harness = new ConnectionHarness(new RequestRoutes().Add(1, new EchoHandler())).Start();
        foreach (var value in ConnectionHarness.Frame(1, 9, "slow"))
            await harness.SendAsync([value]);
        Assert.Equal("slow", (await harness.ReceiveAsync()).Text);
    }

    [Theory]
    [InlineData(SerializeType.Json)]
    [InlineData(SerializeType.RocketMq)]
    public async Task An_unknown_code_is_answered_in_the_form_of_the_request(SerializeType type)
    {
        var harness = new ConnectionHarness().Start();
        await harness.SendAsync(ConnectionHarness.Frame(9999, 7, type: type));
        var answer = await harness.ReceiveAsync();
        Assert.Equal((ResponseCode.RequestCodeNotSupported, 7, type), (answer.Header.Code, answer.Header.Opaque, answer.Header.Serialization));
        Assert.Equal(" request type 9999 not supported", answer.Header.Remark.ToString());
    }

    [Fact]
    public async Task The_bytes_of_an_answer_are_exactly_these()
    {
        var harness = new ConnectionHarness().Start();
        await harness.SendAsync(ConnectionHarness.Frame(9999, 7));
        await harness.Pipes.Client.Output.CompleteAsync();
        const string header = """{"code":3,"flag":1,"language":"DOTNET","opaque":7,"remark":" request type 9999 not supported","serializeTypeCurrentRPC":"JSON","version":479}""";
        byte[] expected = [0, 0, 0, (byte)(header.Length + 4), 0, 0, 0, (byte)header.Length, .. Encoding.ASCII.GetBytes(header)];
        Assert.Equal(expected, await harness.ReceiveToEndAsync());
    }

    [Fact]
    public async Task A_handler_that_waits_does_not_hold_up_the_next_request()
    {
        var gate = new TaskCompletionSource();
        var routes = new RequestRoutes().Add(1, new EchoHandler()).Add(2, new ScriptedHandler(async request =>
        {
            await gate.Task;
            request.Reply(ResponseCode.Success, "late");
        }));
        var harness = new ConnectionHarness(routes).Start();
        await harness.SendAsync(ConnectionHarness.Frame(2, 1), ConnectionHarness.Frame(1, 2));
        Assert.Equal(2, (await harness.ReceiveAsync()).Header.Opaque);
        gate.SetResult();
        Assert.Equal((1, "late"), (await harness.ReceiveAsync()).Header is var header ? (header.Opaque, header.Remark.ToString()) : default);
    }

    [Fact]
    public async Task Failures_of_handlers_become_errors_and_the_connection_goes_on()
    {
        var routes = new RequestRoutes()
            .Add(1, new ScriptedHandler(_ => throw new RemotingException(ResponseCode.NoPermission, "not you")))
            .Add(2, new ScriptedHandler(_ => throw new FormatException("secret")))
            .Add(3, new ScriptedHandler(async _ => { await Task.Yield(); throw new FormatException("secret"); }))
            .Add(4, new ScriptedHandler(request => { request.Fields.GetInt32("queueId"u8); return default; }))
            .Add(5, new ScriptedHandler(_ => default));
        var harness = new ConnectionHarness(routes).Start();
        Assert.Equal((ResponseCode.NoPermission, "not you"), await AskAsync(harness, 1));
        Assert.Equal((ResponseCode.SystemError, "the request failed: FormatException"), await AskAsync(harness, 2));
        Assert.Equal((ResponseCode.SystemError, "the request failed: FormatException"), await AskAsync(harness, 3));
        Assert.Equal((ResponseCode.SystemError, "the custom field <queueId> is null"), await AskAsync(harness, 4));
        Assert.Equal((ResponseCode.SystemError, "the request got no answer"), await AskAsync(harness, 5));
    }

    [Fact]
    public async Task A_one_way_request_is_handled_and_not_answered()
    {
        var echo = new EchoHandler();
        var harness = new ConnectionHarness(new RequestRoutes().Add(1, echo)).Start();
        await harness.SendAsync(ConnectionHarness.Frame(1, 1, flags: HeaderFlags.OneWay), ConnectionHarness.Frame(1, 2));
        Assert.Equal(2, (await harness.ReceiveAsync()).Header.Opaque);
        Assert.Equal(2, echo.Handled);
    }

    [Fact]
    public async Task A_body_of_several_segments_is_streamed()
    {
        var routes = new RequestRoutes().Add(1, new ScriptedHandler(request =>
        {
            request.ReplyStreaming(ResponseCode.Success, new PullMessageResponseHeader { SuggestWhichBrokerId = 0, NextBeginOffset = 3, MinOffset = 0, MaxOffset = 3 }, new Segments(100, 700));
            return default;
        }));
        var harness = new ConnectionHarness(routes).Start();
        await harness.SendAsync(ConnectionHarness.Frame(1, 1), ConnectionHarness.Frame(1, 2));
        foreach (var opaque in new[] { 1, 2 })
        {
            var answer = await harness.ReceiveAsync();
            Assert.Equal((opaque, 70_000), (answer.Header.Opaque, answer.Body.Length));
            Assert.Equal(3, PullMessageResponseHeader.Read(answer.Header.Fields).NextBeginOffset);
        }
    }

    [Fact]
    public async Task A_body_that_writes_too_little_ends_the_connection()
    {
        var routes = new RequestRoutes().Add(1, new ScriptedHandler(request =>
        {
            request.ReplyStreaming(ResponseCode.Success, default(NoFields), new Segments(1, 10, Declared: 11));
            return default;
        }));
        var harness = new ConnectionHarness(routes).Start();
        await harness.SendAsync(ConnectionHarness.Frame(1, 1));
        await harness.Running.Within("the connection ends");
        Assert.NotNull(harness.Connection.AbortReason);
    }

    [Fact]
    public async Task Garbage_ends_the_connection_after_what_came_before_it_is_answered()
    {
        var harness = new ConnectionHarness(new RequestRoutes().Add(1, new EchoHandler())).Start();
        await harness.SendAsync(ConnectionHarness.Frame(1, 1, "ok"), Encoding.ASCII.GetBytes("GET / HTTP/1.1\r\n\r\n"));
        Assert.Equal("ok", (await harness.ReceiveAsync()).Text);
        Assert.Empty(await harness.ReceiveToEndAsync());
        await harness.Running.Within("the connection ends");
        Assert.Contains("frame length", harness.Connection.AbortReason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_oversized_header_ends_the_connection()
    {
        var harness = new ConnectionHarness(options: new RemotingOptions { MaxHeaderLength = 1024 }).Start();
        await harness.SendAsync(ConnectionHarness.Frame(1, 1, remark: new string('x', 2000)));
        await harness.Running.Within("the connection ends");
        Assert.Contains("header", harness.Connection.AbortReason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_connection_that_says_nothing_is_closed()
    {
        var harness = new ConnectionHarness().Start();
        harness.Clock.Advance(TimeSpan.FromSeconds(119));
        Assert.Null(harness.Connection.AbortReason);
        harness.Clock.Advance(TimeSpan.FromSeconds(3));
        await harness.Running.Within("the connection ends");
        Assert.Contains("nothing was said", harness.Connection.AbortReason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_connection_that_drips_a_frame_is_closed()
    {
        var harness = new ConnectionHarness(new RequestRoutes().Add(1, new EchoHandler())).Start();
        var frame = ConnectionHarness.Frame(1, 2, "never whole");
        await harness.SendAsync(ConnectionHarness.Frame(1, 1, "whole"), frame[..5]);
        Assert.Equal("whole", (await harness.ReceiveAsync()).Text);
        var at = 5;
        while (!harness.Running.IsCompleted && at < frame.Length - 1)
        {
            await harness.SendAsync(frame[at..++at]);
            harness.Clock.Advance(TimeSpan.FromSeconds(1));
        }
        await harness.Running.Within("the connection ends");
        Assert.Contains("too long to arrive", harness.Connection.AbortReason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_peer_that_asks_and_never_reads_is_not_read_any_more_and_then_closed()
    {
        var echo = new EchoHandler();
        var options = new RemotingOptions { MaxUnflushedBytes = 100_000 };
        var harness = new ConnectionHarness(new RequestRoutes().Add(1, echo), options, serverBuffer: 50_000).Start();
        var body = new string('x', 10_000);
        await harness.SendAsync([.. Enumerable.Range(0, 200).Select(opaque => ConnectionHarness.Frame(1, opaque, body))]);
        var steps = 0;
        while (!harness.Running.IsCompleted && steps++ < 10_000)
        {
            harness.Clock.Advance(TimeSpan.FromSeconds(1));
            await Task.Yield();
        }
        await harness.Running.Within("the connection ends");
        Assert.Equal("the peer does not read", harness.Connection.AbortReason);
        Assert.InRange(echo.Handled, 1, 40);
    }

    [Fact]
    public async Task Requests_over_the_limit_wait_until_others_have_ended()
    {
        var gates = new List<TaskCompletionSource>();
        var routes = new RequestRoutes().Add(1, new ScriptedHandler(async request =>
        {
            var gate = new TaskCompletionSource();
            lock (gates)
                gates.Add(gate);
            await gate.Task;
            request.Reply(ResponseCode.Success);
        }));
        var harness = new ConnectionHarness(routes, new RemotingOptions { MaxInFlightRequests = 2 });
        await harness.SendAsync([.. Enumerable.Range(1, 4).Select(opaque => ConnectionHarness.Frame(1, opaque))]);
        harness.Start();
        for (var opaque = 1; opaque <= 4; opaque++)
        {
            TaskCompletionSource gate;
            lock (gates)
            {
                Assert.InRange(gates.Count, Math.Min(opaque, 4), Math.Min(opaque + 1, 4));
                gate = gates[opaque - 1];
            }
            gate.SetResult();
            Assert.Equal(opaque, (await harness.ReceiveAsync()).Header.Opaque);
            if (opaque < 4)
                await HandlersAsync(gates, opaque + 1);
        }
    }

    private static async Task HandlersAsync(List<TaskCompletionSource> gates, int count)
    {
        using var patience = new CancellationTokenSource(Waiting.Patience);
        while (true)
        {
            lock (gates)
            {
                if (gates.Count >= count)
                    return;
            }
            patience.Token.ThrowIfCancellationRequested();
            await Task.Yield();
        }
    }

    private static async Task<(int Code, string Remark)> AskAsync(ConnectionHarness harness, int code)
    {
        await harness.SendAsync(ConnectionHarness.Frame(code, code));
        var answer = await harness.ReceiveAsync();
        Assert.Equal(code, answer.Header.Opaque);
        return (answer.Header.Code, answer.Header.Remark.ToString());
    }

    private readonly record struct Segments(int Count, int Size, int Declared = 0) : IResponseBody
    {
        public int Length => Declared > 0 ? Declared : Count * Size;

        public void WriteTo(IBufferWriter<byte> output)
        {
            for (var segment = 0; segment < Count; segment++)
                output.Write(new byte[Size]);
        }
    }
}
