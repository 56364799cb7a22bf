using System.Buffers;
using System.IO.Pipelines;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using ProtoBridgeMQ.NameServer;
using ProtoBridgeMQ.NameServer.Configuration;
using ProtoBridgeMQ.NameServer.Hosting;
using ProtoBridgeMQ.NameServer.Routes;
using ProtoBridgeMQ.NameServer.Settings;
using ProtoBridgeMQ.Remoting.Frames;
using ProtoBridgeMQ.Remoting.Transport;
using ProtoBridgeMQ.Tests.Support;

namespace ProtoBridgeMQ.Tests.Unit.NameServer;

/// <summary>A name server at one end of two pipes: whole frames in, whole frames out.</summary>
internal sealed class NameServerBench : IAsyncDisposable
{
    private readonly CancellationTokenSource _stop = new();
    private readonly PipePair _pipes = new();
    private readonly Task _run;
    private readonly RemotingConnection _connection;

    public NameServerBench(NameServerOptions? options = null)
    {
        NameServerOptions given = options ?? new NameServerOptions();
        Settings = NameServerKit.Settings(given);
        Config = NameServerKit.Config(given);
        Routes = new RouteTable(Options.Create(given), Settings, Clock, NullLogger<RouteTable>.Instance);
        RequestRoutes requests = NameServerRoutes.Create(Routes, Config, Settings, Options.Create(given), Clock, NullLogger.Instance);
        _connection = new RemotingConnection(_pipes.Server, requests, given.Connection, TimeProvider.System, NullLogger.Instance);
        _run = _connection.RunAsync(_stop.Token);
    }

    public ManualClock Clock { get; } = new();

    public LiveSettings Settings { get; }

    public ConfigTable Config { get; }

    public RouteTable Routes { get; }

    /// <summary>Sends a frame and reads the answer.</summary>
    public async Task<NameServerAnswer> AskAsync(byte[] frame)
    {
        await _pipes.Client.Output.WriteAsync(frame);
        PipeReader input = _pipes.Client.Input;
        while (true)
        {
            ReadResult read = await input.ReadAsync().Within("an answer of the name server");
            Assert.False(read.IsCompleted, "the name server closed the connection");
            ReadOnlySequence<byte> rest = read.Buffer;
            if (FrameCutter.TryCut(ref rest, FrameCutter.DefaultMaxFrameLength, out Frame answer, out string? error) == FrameStatus.Frame)
            {
                Assert.Null(error);
                NameServerAnswer copy = NameServerAnswer.Of(answer);
                input.AdvanceTo(rest.Start);
                return copy;
            }

            input.AdvanceTo(rest.Start, rest.End);
        }
    }

    /// <summary>Asks as a client of a version.</summary>
    public Task<NameServerAnswer> AskAsync(int code, int version, ReadOnlyMemory<byte> body, params (string Name, string Value)[] fields) =>
        AskAsync(NameServerFrames.Request(code, fields, body.Span, version));

    /// <summary>Asks as a client of 5.3.3.</summary>
    public Task<NameServerAnswer> AskAsync(int code, params (string Name, string Value)[] fields) => AskAsync(code, 479, default, fields);

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _run.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _stop.Dispose();
    }
}
