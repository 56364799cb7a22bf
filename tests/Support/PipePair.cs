using System.IO.Pipelines;

namespace ProtoBridgeMQ.Tests.Support;

/// <summary>A connection in memory: what one end writes, the other reads. Counts the flushes of each end.</summary>
public sealed class PipePair
{
    /// <summary>Makes both ends.</summary>
    /// <param name="serverBuffer">How many bytes the server end may write before its flush waits for the client to read.</param>
    public PipePair(int serverBuffer = 1024 * 1024)
    {
        var toServer = new Pipe(new PipeOptions(useSynchronizationContext: false, pauseWriterThreshold: 0));
        var toClient = new Pipe(new PipeOptions(
            useSynchronizationContext: false, pauseWriterThreshold: serverBuffer, resumeWriterThreshold: serverBuffer / 2));
        ServerOutput = new CountingWriter(toClient.Writer);
        Server = new End(toServer.Reader, ServerOutput);
        Client = new End(toClient.Reader, toServer.Writer);
    }

    /// <summary>The end under test.</summary>
    public IDuplexPipe Server { get; }

    /// <summary>The test's end.</summary>
    public IDuplexPipe Client { get; }

    /// <summary>The server's writing half.</summary>
    public CountingWriter ServerOutput { get; }

    private sealed record End(PipeReader Input, PipeWriter Output) : IDuplexPipe;
}

/// <summary>A pipe writer that counts flushes.</summary>
public sealed class CountingWriter(PipeWriter inner) : PipeWriter
{
    private int _flushes;

    /// <summary>How often it was flushed.</summary>
    public int Flushes => Volatile.Read(ref _flushes);

    /// <inheritdoc/>
    public override bool CanGetUnflushedBytes => inner.CanGetUnflushedBytes;

    /// <inheritdoc/>
    public override long UnflushedBytes => inner.UnflushedBytes;

    /// <inheritdoc/>
    public override void Advance(int bytes) => inner.Advance(bytes);

    /// <inheritdoc/>
    public override Memory<byte> GetMemory(int sizeHint = 0) => inner.GetMemory(sizeHint);

    /// <inheritdoc/>
    public override Span<byte> GetSpan(int sizeHint = 0) => inner.GetSpan(sizeHint);

    /// <inheritdoc/>
    public override void CancelPendingFlush() => inner.CancelPendingFlush();

    /// <inheritdoc/>
    public override void Complete(Exception? exception = null) => inner.Complete(exception);

    /// <inheritdoc/>
    public override ValueTask<FlushResult> FlushAsync(CancellationToken cancellationToken = default)
    {
        Interlocked.Increment(ref _flushes);
        return inner.FlushAsync(cancellationToken);
    }
}
