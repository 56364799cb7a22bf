using ProtoBridgeMQ.Remoting.Headers;

namespace ProtoBridgeMQ.Remoting.Transport;

/// <summary>Handles the requests of one or more codes.</summary>
public interface IRequestHandler
{
    /// <summary>Handles one request and answers it by one of <see cref="RemotingRequest"/>'s Reply methods.</summary>
    /// <remarks>
    /// Runs on the connection's read loop. The request's header and body are borrowed: copy or consume what is needed
    /// before the first await; after it only the Reply methods and <see cref="RemotingRequest.Connection"/> may be used.
    /// The connection goes on with its next frames while a handler waits, so responses may leave in any order.
    /// An exception becomes an error response: a <see cref="RemotingException"/> its code, anything else SYSTEM_ERROR.
    /// A one-way request is handled alike; replies to it are dropped.
    /// </remarks>
    ValueTask HandleAsync(RemotingRequest request);

    /// <summary>
    /// Whether handling may hold up its thread: reading a file that is not in memory, writing one. Such requests are
    /// handled on a thread of the pool; others where their bytes arrived, which may be a thread that serves many connections.
    /// </summary>
    bool MayBlock(RemotingHeader header) => true;
}
