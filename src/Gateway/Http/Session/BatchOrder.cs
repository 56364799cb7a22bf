namespace ProtoBridgeMQ.Gateway.Http.Session;

/// <summary>The order of a batch of which each message is looked up before it is published: one begins when all before it have begun, or need not.</summary>
/// <remarks>Turns are taken one after the other.</remarks>
internal sealed class BatchOrder
{
    private Task _last = Task.CompletedTask;

    /// <summary>The turn of the next message.</summary>
    public Turn Next()
    {
        var turn = new Turn(_last);
        _last = turn.Begun;
        return turn;
    }

    /// <summary>The turn of one message.</summary>
    internal sealed class Turn(Task before)
    {
        private readonly TaskCompletionSource _begun = new(TaskCreationOptions.RunContinuationsAsynchronously);

        /// <summary>Completes when this one and all before it have begun.</summary>
        public Task Begun => _begun.Task;

        /// <summary>Completes when all before it have begun.</summary>
        public Task Before { get; } = before;

        /// <summary>It has begun, or needs not to; not before those before it have.</summary>
        public async ValueTask EndAsync()
        {
            await Before;
            _begun.TrySetResult();
        }
    }
}
